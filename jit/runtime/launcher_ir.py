"""The launcher's native code: LLVM IR text that `pool_ir.source` puts behind the pool's.

A program is described by a header of 64-bit words:

    nrows, rows, nrelocs, relocs, slots, status, release_gil

    relocation   dst, slot, addend                   *dst = slots[slot] + addend, before any kernel
    row          kernel, args, extent, chunk, flags  kernel(args, begin, end, tid) over the extent

A row of extent <= 0 is skipped; up to `chunk` it runs in the caller (tid 0); beyond, the pool's
threads share its chunks. If another Python thread has the pool, the row runs in the caller. With
flags & 1, the program stops after the row if the status word is not zero. With release_gil, other
Python threads run meanwhile.

`@NAME@` stands for a word of the pool's context.
"""

LAUNCHER = """
; One row in parallel; the caller holds the pool.
define private void @parallel(i64 %kernel, i64 %args, i64 %extent, i64 %chunk, i64 %threads) {
entry:
  %e0 = sub i64 %extent, 1
  %e1 = sdiv i64 %e0, %chunk
  %n = add i64 %e1, 1
  store i64 %kernel, ptr @KERNEL@
  store i64 %args, ptr @ARGS@
  store i64 %extent, ptr @EXTENT@
  store i64 %chunk, ptr @CHUNK@
  store i64 %n, ptr @NCHUNKS@
  %fewer = icmp slt i64 %n, %threads
  %parts = select i1 %fewer, i64 %n, i64 %threads
  store atomic i64 %parts, ptr @PARTS@ monotonic, align 8
  %fp = call i64 @get_fp()
  store i64 %fp, ptr @FP@
  store atomic i64 0, ptr @DONE@ monotonic, align 8
  br label %deal
deal:
  %tid = phi i64 [0, %entry], [%tid1, %deal]
  %first = phi i64 [0, %entry], [%last, %deal]
  %tid1 = add i64 %tid, 1
  %last0 = mul i64 %tid1, %n
  %last = udiv i64 %last0, %parts
  %share = sub i64 %last, %first
  %ticket = call ptr @thread(i64 %tid)
  store atomic i64 %share, ptr %ticket release, align 8
  %dealing = icmp slt i64 %tid1, %parts
  br i1 %dealing, label %deal, label %call
call:
  fence seq_cst
  call void @call_up_others(i64 0)
  %own = call i64 @claim_all(i64 0, i64 0)
  %stolen = call i64 @steal(i64 0)
  br label %await
await:
  %need = sub i64 %n, %own
  %max = load i64, ptr @WAIT@
  br label %wait
wait:
  %i = phi i64 [0, %await], [%i1, %rest], [0, %give]
  %d = load atomic i64, ptr @DONE@ acquire, align 8
  %all = icmp sge i64 %d, %need
  br i1 %all, label %out, label %poll
poll:
  call void @pause()
  %i1 = add i64 %i, 1
  %long = icmp sgt i64 %i1, %max
  br i1 %long, label %give, label %rest
rest:
  br label %wait
give:
  %yield = load ptr, ptr @YIELD@
  %r = call i32 %yield()
  br label %wait
out:
  ret void
}

define private void @relocate(ptr %header) {
entry:
  %pn = getelementptr i64, ptr %header, i64 2
  %n = load i64, ptr %pn
  %pr = getelementptr i64, ptr %header, i64 3
  %rows = load ptr, ptr %pr
  %ps = getelementptr i64, ptr %header, i64 4
  %slots = load ptr, ptr %ps
  %any = icmp sgt i64 %n, 0
  br i1 %any, label %loop, label %out
loop:
  %i = phi i64 [0, %entry], [%i1, %loop]
  %at = mul i64 %i, 3
  %row = getelementptr i64, ptr %rows, i64 %at
  %dst = load ptr, ptr %row
  %p1 = getelementptr i64, ptr %row, i64 1
  %slot = load i64, ptr %p1
  %p2 = getelementptr i64, ptr %row, i64 2
  %addend = load i64, ptr %p2
  %pv = getelementptr i64, ptr %slots, i64 %slot
  %v = load i64, ptr %pv
  %sum = add i64 %v, %addend
  store i64 %sum, ptr %dst
  %i1 = add i64 %i, 1
  %more = icmp slt i64 %i1, %n
  br i1 %more, label %loop, label %out
out:
  ret void
}

; Run a program: the index of the row it stopped at, or -1.
define internal i64 @run_program(i64 %where) {
entry:
  %header = inttoptr i64 %where to ptr
  %n = load i64, ptr %header
  %pr = getelementptr i64, ptr %header, i64 1
  %rows = load ptr, ptr %pr
  %pst = getelementptr i64, ptr %header, i64 5
  %status = load ptr, ptr %pst
  call void @relocate(ptr %header)
  %mode = load i64, ptr @FLUSH@
  %flush = icmp ne i64 %mode, 0
  %fp0 = call i64 @get_fp()
  br i1 %flush, label %setfp, label %loop
setfp:
  %fp1 = or i64 %fp0, %mode
  call void @set_fp(i64 %fp1)
  br label %loop
loop:
  %i = phi i64 [0, %entry], [0, %setfp], [%i1, %next]
  %held = phi i1 [false, %entry], [false, %setfp], [%held5, %next]
  %in = icmp slt i64 %i, %n
  br i1 %in, label %row, label %finish
row:
  %at = mul i64 %i, 5
  %p = getelementptr i64, ptr %rows, i64 %at
  %kernel = load i64, ptr %p
  %p1 = getelementptr i64, ptr %p, i64 1
  %args = load i64, ptr %p1
  %p2 = getelementptr i64, ptr %p, i64 2
  %extent = load i64, ptr %p2
  %p3 = getelementptr i64, ptr %p, i64 3
  %chunk = load i64, ptr %p3
  %p4 = getelementptr i64, ptr %p, i64 4
  %flags = load i64, ptr %p4
  %turn = icmp eq i64 %kernel, 0
  br i1 %turn, label %again, label %work
; The end of a loop body of %chunk rows that runs %extent times. Its block: turns so far, number of
; steps, then (word, step) for the pointers that move on.
again:
  %block = inttoptr i64 %args to ptr
  %turns0 = load i64, ptr %block
  %turns1 = add i64 %turns0, 1
  %repeat = icmp slt i64 %turns1, %extent
  %turns2 = select i1 %repeat, i64 %turns1, i64 0
  store i64 %turns2, ptr %block
  br i1 %repeat, label %moves, label %next
moves:
  %pm = getelementptr i64, ptr %block, i64 1
  %nm = load i64, ptr %pm
  %ib = sub i64 %i, %chunk
  %back = sub i64 %ib, 1
  %some = icmp sgt i64 %nm, 0
  br i1 %some, label %move, label %next
move:
  %m = phi i64 [0, %moves], [%m1, %move]
  %m2 = mul i64 %m, 2
  %mw = add i64 %m2, 2
  %ms = add i64 %m2, 3
  %pw = getelementptr i64, ptr %block, i64 %mw
  %pstep = getelementptr i64, ptr %block, i64 %ms
  %word = load ptr, ptr %pw
  %step = load i64, ptr %pstep
  %was = load i64, ptr %word
  %is = add i64 %was, %step
  store i64 %is, ptr %word
  %m1 = add i64 %m, 1
  %moremoves = icmp slt i64 %m1, %nm
  br i1 %moremoves, label %move, label %next
work:
  %empty = icmp sle i64 %extent, 0
  br i1 %empty, label %after, label %ask
ask:
  %one = icmp sle i64 %extent, %chunk
  %bad = icmp sle i64 %chunk, 0
  %alone = or i1 %one, %bad
  br i1 %alone, label %serial, label %several
several:
  %threads0 = load atomic i64, ptr @THREADS@ monotonic, align 8
  %many0 = icmp sgt i64 %threads0, 1
  br i1 %many0, label %hold, label %serial
hold:
  br i1 %held, label %both, label %try
try:
  %busy = load atomic i64, ptr @LOCK@ monotonic, align 8
  %isbusy = icmp ne i64 %busy, 0
  br i1 %isbusy, label %serial, label %grab
grab:
  %pair = cmpxchg ptr @LOCK@, i64 0, i64 1 acquire monotonic, align 8
  %won = extractvalue {i64, i1} %pair, 1
  br i1 %won, label %first, label %serial
first:
  %start = load i64, ptr @START@
  %unready = icmp ne i64 %start, 0
  br i1 %unready, label %begin, label %both
begin:
  %sf = inttoptr i64 %start to ptr
  call void %sf()
  br label %both
both:
  %threads = load atomic i64, ptr @THREADS@ monotonic, align 8
  call void @parallel(i64 %kernel, i64 %args, i64 %extent, i64 %chunk, i64 %threads)
  br label %after
serial:
  %held1 = phi i1 [%held, %ask], [%held, %several], [false, %try], [false, %grab]
  %f = inttoptr i64 %kernel to ptr
  call void %f(i64 %args, i64 0, i64 %extent, i64 0)
  br label %after
after:
  %held3 = phi i1 [%held, %work], [true, %both], [%held1, %serial]
  %test = and i64 %flags, 1
  %check = icmp ne i64 %test, 0
  br i1 %check, label %look, label %next
look:
  %st = load atomic i64, ptr %status monotonic, align 8
  %stop = icmp ne i64 %st, 0
  br i1 %stop, label %finish, label %next
next:
  %from = phi i64 [%i, %after], [%i, %look], [%i, %again], [%back, %moves], [%back, %move]
  %held5 = phi i1 [%held3, %after], [%held3, %look],
    [%held, %again], [%held, %moves], [%held, %move]
  %i1 = add i64 %from, 1
  br label %loop
finish:
  %held4 = phi i1 [%held, %loop], [%held3, %look]
  %result = phi i64 [-1, %loop], [%i, %look]
  br i1 %held4, label %unlock, label %restore
unlock:
  store atomic i64 0, ptr @LOCK@ release, align 8
  br label %restore
restore:
  br i1 %flush, label %resetfp, label %out
resetfp:
  call void @set_fp(i64 %fp0)
  br label %out
out:
  ret i64 %result
}

; The same as a CPython builtin of one int (METH_O); header word 6 says whether to release the GIL.
define internal ptr @run_builtin(ptr %self, ptr %number) {
entry:
  %to = load ptr, ptr @TO_LONG@
  %where = call i64 %to(ptr %number)
  %wrong = icmp eq i64 %where, -1
  br i1 %wrong, label %error, label %ok
error:
  ret ptr null
ok:
  %header = inttoptr i64 %where to ptr
  %p6 = getelementptr i64, ptr %header, i64 6
  %word = load i64, ptr %p6
  %free = icmp ne i64 %word, 0
  br i1 %free, label %away, label %here
here:
  %r0 = call i64 @run_program(i64 %where)
  br label %out
away:
  %save = load ptr, ptr @SAVE_THREAD@
  %state = call ptr %save()
  %r1 = call i64 @run_program(i64 %where)
  %restore = load ptr, ptr @RESTORE_THREAD@
  call void %restore(ptr %state)
  br label %out
out:
  %r = phi i64 [%r0, %here], [%r1, %away]
  %from = load ptr, ptr @FROM_LONG@
  %result = call ptr %from(i64 %r)
  ret ptr %result
}

; A kernel whose items are loops: each runs its rows one after the other, again and again. Its
; block: turns, rows, moves, the items' tables; a table is the rows (kernel, args, begin, end), then
; the moves (word, step) that are made after each turn.
define internal void @run_loop(i64 %args, i64 %begin, i64 %end, i64 %tid) {
entry:
  %block = inttoptr i64 %args to ptr
  %turns = load i64, ptr %block
  %pn = getelementptr i64, ptr %block, i64 1
  %n = load i64, ptr %pn
  %pm = getelementptr i64, ptr %block, i64 2
  %m = load i64, ptr %pm
  %pt = getelementptr i64, ptr %block, i64 3
  %tables = load ptr, ptr %pt
  %n4 = mul i64 %n, 4
  %m2 = mul i64 %m, 2
  %size = add i64 %n4, %m2
  br label %item
item:
  %i = phi i64 [%begin, %entry], [%i1, %after]
  %in = icmp slt i64 %i, %end
  br i1 %in, label %enter, label %out
enter:
  %at = mul i64 %i, %size
  %rows = getelementptr i64, ptr %tables, i64 %at
  %moves = getelementptr i64, ptr %rows, i64 %n4
  br label %turn
turn:
  %t = phi i64 [0, %enter], [%t1, %over]
  br label %row
row:
  %r = phi i64 [0, %turn], [%r1, %row]
  %r4 = mul i64 %r, 4
  %p = getelementptr i64, ptr %rows, i64 %r4
  %kernel = load ptr, ptr %p
  %p1 = getelementptr i64, ptr %p, i64 1
  %own = load i64, ptr %p1
  %p2 = getelementptr i64, ptr %p, i64 2
  %first = load i64, ptr %p2
  %p3 = getelementptr i64, ptr %p, i64 3
  %last = load i64, ptr %p3
  call void %kernel(i64 %own, i64 %first, i64 %last, i64 %tid)
  %r1 = add i64 %r, 1
  %more = icmp slt i64 %r1, %n
  br i1 %more, label %row, label %ended
ended:
  %some = icmp sgt i64 %m, 0
  br i1 %some, label %move, label %over
move:
  %k = phi i64 [0, %ended], [%k1, %move]
  %k2 = mul i64 %k, 2
  %pw = getelementptr i64, ptr %moves, i64 %k2
  %word = load ptr, ptr %pw
  %ps = getelementptr i64, ptr %pw, i64 1
  %step = load i64, ptr %ps
  %was = load i64, ptr %word
  %is = add i64 %was, %step
  store i64 %is, ptr %word
  %k1 = add i64 %k, 1
  %moremoves = icmp slt i64 %k1, %m
  br i1 %moremoves, label %move, label %over
over:
  %t1 = add i64 %t, 1
  %again = icmp slt i64 %t1, %turns
  br i1 %again, label %turn, label %after
after:
  %i1 = add i64 %i, 1
  br label %item
out:
  ret void
}

; That many turns of the worker's spin loop, for timing.
define internal i64 @turns(i64 %n) {
entry:
  %any = icmp sgt i64 %n, 0
  br i1 %any, label %loop, label %out
loop:
  %i = phi i64 [0, %entry], [%i1, %loop]
  %t = load atomic i64, ptr @DONE@ acquire, align 8
  call void @pause()
  %i1 = add i64 %i, 1
  %more = icmp slt i64 %i1, %n
  br i1 %more, label %loop, label %out
out:
  ret i64 %n
}

; The only symbol of the object: the addresses of everything else.
define i64 @SYMBOL(i64 %which) {
  %p = getelementptr [7 x ptr], ptr @table, i64 0, i64 %which
  %a = load i64, ptr %p
  ret i64 %a
}
@table = internal constant [7 x ptr] [
  ptr @ctx, ptr @turns, ptr @worker, ptr @wake, ptr @run_program, ptr @run_builtin, ptr @run_loop]
"""
