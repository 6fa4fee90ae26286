# col over [6* x 8]: mul, sigmoid, sub, mul, mul, mul, mul, sum

# mul_sigmoid_sub_sum [col]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f64')
    n2 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f32')
    p2 = ptr(args, 5, 'f32')
    p3 = ptr(args, 6, 'f32')
    p4 = ptr(args, 7, 'f32')
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
                x6 = p2[i]
                v7 = x5 * x6
                v8 = sigmoid_f32(v7)
                v9 = f32(1.0) - v8
                v10 = v9 * v8
                v11 = f32(1.0) * v10
                v12 = v11 * x5
                w13 = i + tid * 1024 - lo
                p0[w13] = p0[w13] + f64(v12)
                v14 = v11 * x6
                p3[b4 + i] = v14
        for i in range(lo, hi):
            w16 = i + tid * 1024 - lo
            a15 = f32(p0[w16])
            p4[i] = a15
