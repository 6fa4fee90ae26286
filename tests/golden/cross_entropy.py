# row over [6 x 8*]: amax, sub, exp, sum, log, sub

# row over [6*]: ne, where, gather, neg, where, sum, cast, sum, div, div, where, neg, lt, add, where

# row over [6 x 8*]: eq, where, neg, sum, div, mul, add

# amax_sub_exp_sum_log [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    for r in range(begin, end):
        a1 = -f32(INF)
        b3 = r * n0
        for c2 in range(n0):
            x4 = p0[b3 + c2]
            a1 = red_max(a1, x4)
        a5 = f32(0.0)
        for k7 in range(0, n0, 4096):
            a8 = f32(0.0)
            for c6 in range(k7, min(k7 + 4096, n0)):
                x9 = p0[b3 + c6]
                v10 = x9 - a1
                v11 = exp_f32(v10)
                a8 = red_add(a8, v11)
                p1[b3 + c6] = v11
            a5 = a5 + a8
        p2[r] = a5
        v12 = log_f32(a5)
        for c13 in range(n0):
            x14 = p0[b3 + c13]
            v15 = x14 - a1
            v16 = v15 - v12
            p3[b3 + c13] = v16

# ne_where_gather_neg_sum_div_lt_add [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    n1 = arg_i64(args, 2)
    p1 = ptr(args, 3, 'i64')
    c0 = arg_i64(args, 4)
    p2 = ptr(args, 5, 'f32')
    p3 = ptr(args, 6, 'i64')
    p4 = ptr(args, 7, 'f32')
    p5 = ptr(args, 8, 'f32')
    for r in range(begin, end):
        a1 = f32(0.0)
        a2 = i64(0)
        for k4 in range(0, n0, 4096):
            a5 = f32(0.0)
            for c3 in range(k4, min(k4 + 4096, n0)):
                x6 = p0[c3]
                v7 = x6 != i64(-100)
                v8 = select(v7, x6, i64(0))
                j9 = v8
                if (j9 < 0) | (j9 >= n1):
                    p1[0] = c0
                    p1[1] = v8
                    j9 = 0
                v10 = p2[c3 * n1 + j9]
                v11 = -v10
                v12 = select(v7, v11, f32(0.0))
                a5 = red_add(a5, v12)
                v13 = i64(v7)
                a2 = red_add(a2, v13)
                v14 = v8 < i64(0)
                v15 = v8 + i64(n1)
                v16 = select(v14, v15, v8)
                p3[c3] = v16
            a1 = a1 + a5
        v17 = a1 / f32(a2)
        p4[0] = v17
        v18 = f32(1.0) / f32(a2)
        for c19 in range(n0):
            x20 = p0[c19]
            v21 = x20 != i64(-100)
            v22 = select(v21, v18, f32(0.0))
            v23 = -v22
            p5[c19] = v23

# eq_where_neg_sum_div_mul_add [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    p4 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        a1 = f32(0.0)
        for k3 in range(0, n0, 4096):
            a4 = f32(0.0)
            for c2 in range(k3, min(k3 + 4096, n0)):
                x5 = p0[r]
                v6 = i64(c2) == x5
                x7 = p1[r]
                v8 = select(v6, x7, f32(0.0))
                v9 = -v8
                a4 = red_add(a4, v9)
            a1 = a1 + a4
        x10 = p2[r]
        v11 = a1 / x10
        b17 = r * n0
        for c12 in range(n0):
            x13 = p0[r]
            v14 = i64(c12) == x13
            x15 = p1[r]
            v16 = select(v14, x15, f32(0.0))
            x18 = p3[b17 + c12]
            v19 = v11 * x18
            v20 = v16 + v19
            p4[b17 + c12] = v20
