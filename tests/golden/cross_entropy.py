# row over [6 x 8*]: amax, sub, exp, sum, log

# row over [6*]: ne, where, gather, sub, sub, neg, where, sum, cast, sum, div, div, where, neg, lt, add, where

# row over [6 x 8*]: eq, where, neg, sum, div, mul, add

# amax_sub_exp_sum_log [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    p4 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        a1 = -f32(INF)
        b3 = r * n0
        for c2 in range(n0):
            x4 = p0[b3 + c2]
            a1 = red_max(a1, x4)
        p1[r] = a1
        a5 = f64(0.0)
        for k7 in range(0, n0, 4096):
            a8 = f32(0.0)
            for c6 in range(k7, min(k7 + 4096, n0)):
                x9 = p0[b3 + c6]
                v10 = x9 - a1
                v11 = exp_f32(v10)
                a8 = red_add(a8, v11)
                p2[b3 + c6] = v11
            a5 = a5 + f64(a8)
        a12 = f32(a5)
        p3[r] = a12
        v13 = log_f32(a12)
        p4[r] = v13

# ne_where_gather_sub_neg_sum_div_lt_add [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    n1 = arg_i64(args, 2)
    p1 = ptr(args, 3, 'i64')
    c0 = arg_i64(args, 4)
    p2 = ptr(args, 5, 'f32')
    p3 = ptr(args, 6, 'f32')
    p4 = ptr(args, 7, 'f32')
    p5 = ptr(args, 8, 'i64')
    p6 = ptr(args, 9, 'f32')
    p7 = ptr(args, 10, 'f32')
    lo10 = 0
    hi11 = -1
    for r in range(begin, end):
        a1 = f64(0.0)
        a2 = i64(0)
        for k4 in range(0, n0, 4096):
            a5 = f32(0.0)
            for c3 in range(k4, min(k4 + 4096, n0)):
                x6 = p0[c3]
                v7 = x6 != i64(-100)
                v8 = select(v7, x6, i64(0))
                j9 = v8
                lo10 = minimum(lo10, j9)
                hi11 = maximum(hi11, j9)
                j9 = select((j9 < 0) | (j9 >= n1), 0, j9)
                v12 = p2[c3 * n1 + j9]
                x13 = p3[c3]
                v14 = v12 - x13
                x15 = p4[c3]
                v16 = v14 - x15
                v17 = -v16
                v18 = select(v7, v17, f32(0.0))
                a5 = red_add(a5, v18)
                v19 = i64(v7)
                a2 = red_add(a2, v19)
                v20 = v8 < i64(0)
                v21 = v8 + i64(n1)
                v22 = select(v20, v21, v8)
                p5[c3] = v22
            a1 = a1 + f64(a5)
        a23 = f32(a1)
        v24 = a23 / f32(a2)
        p6[0] = v24
        v25 = f32(1.0) / f32(a2)
        for c26 in range(n0):
            x27 = p0[c26]
            v28 = x27 != i64(-100)
            v29 = select(v28, v25, f32(0.0))
            v30 = -v29
            p7[c26] = v30
    if (lo10 < 0) | (hi11 >= n1):
        p1[0] = c0
        p1[1] = select(lo10 < 0, lo10, hi11)

# eq_where_neg_sum_div_mul_add [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    p4 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        a1 = f64(0.0)
        for k3 in range(0, n0, 4096):
            a4 = f32(0.0)
            for c2 in range(k3, min(k3 + 4096, n0)):
                x5 = p0[r]
                v6 = i64(c2) == x5
                x7 = p1[r]
                v8 = select(v6, x7, f32(0.0))
                v9 = -v8
                a4 = red_add(a4, v9)
            a1 = a1 + f64(a4)
        a10 = f32(a1)
        x11 = p2[r]
        v12 = a10 / x11
        b18 = r * n0
        for c13 in range(n0):
            x14 = p0[r]
            v15 = i64(c13) == x14
            x16 = p1[r]
            v17 = select(v15, x16, f32(0.0))
            x19 = p3[b18 + c13]
            v20 = v12 * x19
            v21 = v17 + v20
            p4[b18 + c13] = v21
