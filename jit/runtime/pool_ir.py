"""The thread pool's native code: LLVM IR text, the layout of its context, and how threads agree.

A program (`run`) is a table of kernel calls. A row with several chunks is a job: its chunks are
dealt in contiguous ranges to the threads 0 (the caller), 1, 2, ... (workers), so that the same
thread meets the same data row after row. Each thread has a *ticket*: the number of chunks of its
range nobody has claimed. Whoever lowers a ticket from t to t-1 by compare-and-swap owns the chunk
t places before the end of that range. A thread claims its own chunks first, then other threads'.
The caller does the same and returns when all chunks are done, so nobody waits for a worker that
sleeps: its chunks are done by others, it comes late and finds nothing.

Memory order. Job fields are written before the tickets (release) and read only after a successful
claim (acquire), which reads from that store or from a claim after it: the fields are visible. They
do not change before the claimed chunk is counted in `done` (release), which the caller awaits
(acquire). A claim says nothing but "the ticket was t and t > 0", whatever happened since the
ticket was read, so an ABA change of a ticket is harmless.

A worker spins for a while, then sleeps on a lock of its own. It sets its sleep flag, adds itself to
`sleepers`, and looks at its ticket once more; the caller writes the tickets, then reads `sleepers`
(a seq_cst fence between the two on both sides): one of the two sees the other, so no wake-up is
lost. Whoever turns the flag from 1 to 0 owns the wake-up: a waker releases the lock, or the worker
cancels its sleep. Thread i wakes 2i+1 and 2i+2: the caller pays for two system calls at most.

Outside functions (CPython's, the scheduler's) are called through words of the context, so that the
object code has no undefined symbols; it has one symbol of its own, named by content.
"""

from __future__ import annotations

import hashlib
import platform
import re

from .launcher_ir import LAUNCHER

MAX_THREADS = 256

# Words of the context; what different threads write is two cache lines apart (prefetched in pairs).
DONE, JOB, LOCK, SLEEPERS = 0, 16, 32, 48
KERNEL, ARGS, EXTENT, CHUNK, NCHUNKS, PARTS, FP = range(JOB, JOB + 7)
THREADS, LIMIT, SPIN, FLUSH, START, YIELD, WAIT = range(64, 71)
TO_LONG, FROM_LONG, SAVE_THREAD, RESTORE_THREAD, LOCK_ACQUIRE, LOCK_RELEASE = range(72, 78)
WORKER = 96  # STRIDE words for each thread:
STRIDE, TICKET, SLEEP, SLEEP_LOCK, ALIVE = 32, 0, 16, 17, 18
WORDS = WORKER + STRIDE * MAX_THREADS

# per architecture: the spin-loop hint, reading and writing the floating point
# control word; its bits that flush denormals; its bits that are not status
_ARCH = {
    "x86": (
        """
declare void @llvm.x86.sse2.pause()
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define private void @pause() alwaysinline {
  call void @llvm.x86.sse2.pause()
  ret void
}
define private i64 @get_fp() alwaysinline {
  %p = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %p)
  %v = load i32, ptr %p
  %w = zext i32 %v to i64
  ret i64 %w
}
define private void @set_fp(i64 %w) alwaysinline {
  %p = alloca i32
  %v = trunc i64 %w to i32
  store i32 %v, ptr %p
  call void @llvm.x86.sse.ldmxcsr(ptr %p)
  ret void
}
""",
        0x8040,  # MXCSR: flush to zero, denormals are zero
        0xFFC0,  # all but the sticky exception flags
    ),
    "aarch64": (
        """
declare void @llvm.aarch64.hint(i32)
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
define private void @pause() alwaysinline {
  call void @llvm.aarch64.hint(i32 1)
  ret void
}
define private i64 @get_fp() alwaysinline {
  %v = call i64 @llvm.aarch64.get.fpcr()
  ret i64 %v
}
define private void @set_fp(i64 %w) alwaysinline {
  call void @llvm.aarch64.set.fpcr(i64 %w)
  ret void
}
""",
        1 << 24,  # FPCR.FZ
        -1,
    ),
    "other": (
        """
define private void @pause() alwaysinline {
  ret void
}
define private i64 @get_fp() alwaysinline {
  ret i64 0
}
define private void @set_fp(i64 %w) alwaysinline {
  ret void
}
""",
        0,
        0,
    ),
}

_CLAIM = """
define private ptr @thread(i64 %tid) alwaysinline {
  %base = mul i64 %tid, STRIDE
  %at = add i64 %base, WORKER
  %p = getelementptr i64, ptr @ctx, i64 %at
  ret ptr %p
}

; Thread tid claims one chunk of thread %from's and runs it: 1 if there was one, 0 if not.
define private i64 @claim(i64 %tid, i64 %from) {
entry:
  %ticket = call ptr @thread(i64 %from)
  %t0 = load atomic i64, ptr %ticket acquire, align 8
  br label %try
try:
  %t = phi i64 [%t0, %entry], [%seen, %swap]
  %any = icmp sgt i64 %t, 0
  br i1 %any, label %swap, label %none
swap:
  %next = sub i64 %t, 1
  %pair = cmpxchg ptr %ticket, i64 %t, i64 %next acq_rel acquire, align 8
  %seen = extractvalue {i64, i1} %pair, 0
  %won = extractvalue {i64, i1} %pair, 1
  br i1 %won, label %work, label %try
work:
  %kernel = load i64, ptr @KERNEL@
  %args = load i64, ptr @ARGS@
  %extent = load i64, ptr @EXTENT@
  %chunk = load i64, ptr @CHUNK@
  %n = load i64, ptr @NCHUNKS@
  %parts = load atomic i64, ptr @PARTS@ monotonic, align 8
  %from1 = add i64 %from, 1
  %last0 = mul i64 %from1, %n
  %last = udiv i64 %last0, %parts
  %index = sub i64 %last, %t
  %begin = mul i64 %index, %chunk
  %full = add i64 %begin, %chunk
  %over = icmp sgt i64 %full, %extent
  %end = select i1 %over, i64 %extent, i64 %full
  ; kernels run in the caller's floating point mode: chunks give the same bits on every thread
  %fp = load i64, ptr @FP@
  %now = call i64 @get_fp()
  %differ = xor i64 %fp, %now
  %control = and i64 %differ, FP_CONTROL
  %same = icmp eq i64 %control, 0
  br i1 %same, label %go, label %switch
switch:
  call void @set_fp(i64 %fp)
  br label %go
go:
  %f = inttoptr i64 %kernel to ptr
  call void %f(i64 %args, i64 %begin, i64 %end, i64 %tid)
  ret i64 1
none:
  ret i64 0
}
"""

_WORKER = """
; Claim chunks of thread %from's until there are none; how many there were.
define private i64 @claim_all(i64 %tid, i64 %from) {
entry:
  br label %loop
loop:
  %n = phi i64 [0, %entry], [%n1, %loop]
  %got = call i64 @claim(i64 %tid, i64 %from)
  %n1 = add i64 %n, %got
  %more = icmp ne i64 %got, 0
  br i1 %more, label %loop, label %out
out:
  ret i64 %n1
}

; Claim chunks of every other thread's; counts them in done after each thread.
define private i64 @steal(i64 %tid) {
entry:
  %parts = load atomic i64, ptr @PARTS@ monotonic, align 8
  br label %loop
loop:
  %i = phi i64 [1, %entry], [%i1, %next]
  %at = phi i64 [%tid, %entry], [%victim, %next]
  %sum = phi i64 [0, %entry], [%sum1, %next]
  %more = icmp slt i64 %i, %parts
  br i1 %more, label %look, label %out
look:
  %at1 = add i64 %at, 1
  %in = icmp slt i64 %at1, %parts
  %victim = select i1 %in, i64 %at1, i64 0
  %n = call i64 @claim_all(i64 %tid, i64 %victim)
  %some = icmp ne i64 %n, 0
  br i1 %some, label %count, label %next
count:
  %d = atomicrmw add ptr @DONE@, i64 %n release
  br label %next
next:
  %sum1 = add i64 %sum, %n
  %i1 = add i64 %i, 1
  br label %loop
out:
  ret i64 %sum
}

; Wake thread tid if it sleeps.
define internal void @wake(i64 %tid) {
entry:
  %thread = call ptr @thread(i64 %tid)
  %flag = getelementptr i64, ptr %thread, i64 SLEEP
  fence seq_cst
  %f = load atomic i64, ptr %flag seq_cst, align 8
  %asleep = icmp eq i64 %f, 1
  br i1 %asleep, label %take, label %out
take:
  %pair = cmpxchg ptr %flag, i64 1, i64 0 seq_cst seq_cst, align 8
  %mine = extractvalue {i64, i1} %pair, 1
  br i1 %mine, label %post, label %out
post:
  %s = atomicrmw sub ptr @SLEEPERS@, i64 1 seq_cst
  %plock = getelementptr i64, ptr %thread, i64 SLEEP_LOCK
  %lock = load ptr, ptr %plock
  %release = load ptr, ptr @LOCK_RELEASE@
  call void %release(ptr %lock)
  br label %out
out:
  ret void
}

; Wake thread tid if it sleeps and has chunks left.
define private void @call_up(i64 %tid) {
entry:
  %parts = load atomic i64, ptr @PARTS@ monotonic, align 8
  %in = icmp slt i64 %tid, %parts
  br i1 %in, label %look, label %out
look:
  %ticket = call ptr @thread(i64 %tid)
  %t = load atomic i64, ptr %ticket monotonic, align 8
  %some = icmp sgt i64 %t, 0
  br i1 %some, label %rouse, label %out
rouse:
  call void @wake(i64 %tid)
  br label %out
out:
  ret void
}

define private void @call_up_others(i64 %tid) {
entry:
  %n = load atomic i64, ptr @SLEEPERS@ seq_cst, align 8
  %any = icmp sgt i64 %n, 0
  br i1 %any, label %look, label %out
look:
  %twice = mul i64 %tid, 2
  %a = add i64 %twice, 1
  call void @call_up(i64 %a)
  %b = add i64 %twice, 2
  call void @call_up(i64 %b)
  br label %out
out:
  ret void
}

; The loop of pool thread tid, until tid >= limit.
define internal void @worker(i64 %tid) {
entry:
  %ticket = call ptr @thread(i64 %tid)
  %flag = getelementptr i64, ptr %ticket, i64 SLEEP
  %plock = getelementptr i64, ptr %ticket, i64 SLEEP_LOCK
  %alive = getelementptr i64, ptr %ticket, i64 ALIVE
  store atomic i64 1, ptr %alive seq_cst, align 8
  br label %spin
spin:
  %i = phi i64 [0, %entry], [0, %others], [%i1, %again], [0, %cancel]
  %t = load atomic i64, ptr %ticket acquire, align 8
  %some = icmp sgt i64 %t, 0
  br i1 %some, label %work, label %idle
work:
  call void @call_up_others(i64 %tid)
  %n = call i64 @claim_all(i64 %tid, i64 %tid)
  %d = atomicrmw add ptr @DONE@, i64 %n release
  br label %others
others:
  %st = call i64 @steal(i64 %tid)
  br label %spin
idle:
  %limit = load atomic i64, ptr @LIMIT@ acquire, align 8
  %leave = icmp sge i64 %tid, %limit
  br i1 %leave, label %exit, label %rest
rest:
  call void @pause()
  %i1 = add i64 %i, 1
  %max = load atomic i64, ptr @SPIN@ monotonic, align 8
  %tired = icmp sgt i64 %i1, %max
  br i1 %tired, label %sleep, label %again
again:
  br label %spin
sleep:
  store atomic i64 1, ptr %flag seq_cst, align 8
  %s0 = atomicrmw add ptr @SLEEPERS@, i64 1 seq_cst
  fence seq_cst
  %t2 = load atomic i64, ptr %ticket seq_cst, align 8
  %some2 = icmp sgt i64 %t2, 0
  %limit2 = load atomic i64, ptr @LIMIT@ seq_cst, align 8
  %leave2 = icmp sge i64 %tid, %limit2
  %stay = or i1 %some2, %leave2
  br i1 %stay, label %uncheck, label %block
uncheck:
  %pair = cmpxchg ptr %flag, i64 1, i64 0 seq_cst seq_cst, align 8
  %mine = extractvalue {i64, i1} %pair, 1
  br i1 %mine, label %cancel, label %block
cancel:
  %s1 = atomicrmw sub ptr @SLEEPERS@, i64 1 seq_cst
  br label %spin
block:
  %lock = load ptr, ptr %plock
  %acquire = load ptr, ptr @LOCK_ACQUIRE@
  %r = call i32 %acquire(ptr %lock, i32 1)
  call void @call_up_others(i64 %tid)
  br label %others
exit:
  store atomic i64 0, ptr %alive seq_cst, align 8
  ret void
}
"""

# words that the code names as @NAME@
_FIELDS = """DONE LOCK SLEEPERS KERNEL ARGS EXTENT CHUNK NCHUNKS PARTS FP THREADS LIMIT SPIN
FLUSH START YIELD WAIT TO_LONG FROM_LONG SAVE_THREAD RESTORE_THREAD LOCK_ACQUIRE LOCK_RELEASE"""


def arch() -> tuple[str, int, int]:
    """(IR of pause, get_fp and set_fp; flush-denormals bits; control bits) of this machine."""
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return _ARCH["x86"]
    return _ARCH["aarch64" if machine in ("aarch64", "arm64") else "other"]


def source() -> tuple[str, str]:
    """(name of the object's symbol, LLVM IR of the pool and the launcher)."""
    helpers, _, control = arch()
    text = f"@ctx = internal global [{WORDS} x i64] zeroinitializer, align 128\n"
    text += helpers + _CLAIM + _WORKER + LAUNCHER
    for name in _FIELDS.split():
        place = f"getelementptr (i64, ptr @ctx, i64 {globals()[name]})"
        text = text.replace(f"@{name}@", place)
    for name in ("SLEEP_LOCK", "SLEEP", "ALIVE", "STRIDE", "WORKER"):
        text = re.sub(rf"\b{name}$", str(globals()[name]), text, flags=re.MULTILINE)
    text = text.replace("FP_CONTROL", str(control))
    symbol = "numtorch_pool_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return symbol, text.replace("@SYMBOL", f"@{symbol}")
