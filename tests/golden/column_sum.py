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
        m3 = n2 - n2 % 4
        for c4 in range(0, m3, 4):
            c5 = c4 + 1
            c6 = c4 + 2
            c7 = c4 + 3
            b9 = c4 * n1
            b12 = c5 * n1
            b15 = c6 * n1
            b18 = c7 * n1
            for i in range(lo, hi):
                x10 = p1[b9 + i]
                v11 = x10 * f32(s0)
                x13 = p1[b12 + i]
                v14 = x13 * f32(s0)
                x16 = p1[b15 + i]
                v17 = x16 * f32(s0)
                x19 = p1[b18 + i]
                v20 = x19 * f32(s0)
                w21 = i + tid * 1024 - lo
                p0[w21] = p0[w21] + f64(((v11 + v14) + (v17 + v20)))
        for c22 in range(m3, n2):
            b23 = c22 * n1
            for i in range(lo, hi):
                x24 = p1[b23 + i]
                v25 = x24 * f32(s0)
                w26 = i + tid * 1024 - lo
                p0[w26] = p0[w26] + f64(v25)
        for i in range(lo, hi):
            w28 = i + tid * 1024 - lo
            a27 = f32(p0[w28])
            p2[i] = a27
