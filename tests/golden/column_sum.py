# col over [6* x 8]: mul, sum

# mul_sum [col]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f64')
    n2 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f32')
    s0 = arg_i64(args, 5)
    p2 = ptr(args, 6, 'f32')
    for t in range(begin, end):
        o = t // n0
        lo = (t - o * n0) * 1024
        hi = min(lo + 1024, n1)
        for i in range(lo, hi):
            w2 = i + tid * 1024 - lo
            p0[w2] = f64(0.0)
        for c3 in range(n2):
            b4 = c3 * n1
            for i in range(lo, hi):
                x5 = p1[b4 + i]
                v6 = x5 * f32(s0)
                w7 = i + tid * 1024 - lo
                p0[w7] = p0[w7] + f64(v6)
        for i in range(lo, hi):
            w9 = i + tid * 1024 - lo
            a8 = f32(p0[w9])
            p2[i] = a8
