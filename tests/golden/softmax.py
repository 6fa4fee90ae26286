# row over [6 x 8*]: amax, sub, exp, sum, div

# amax_sub_exp_sum_div [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    for r in range(begin, end):
        a1 = -f32(INF)
        b3 = r * n0
        for c2 in range(n0):
            x4 = p0[b3 + c2]
            a1 = red_max(a1, x4)
        a5 = f64(0.0)
        for k7 in range(0, n0, 4096):
            a8 = f32(0.0)
            b12 = tid * n0
            for c6 in range(k7, min(k7 + 4096, n0)):
                x9 = p0[b3 + c6]
                v10 = x9 - a1
                v11 = exp_f32(v10)
                a8 = red_add(a8, v11)
                p1[b12 + c6] = v11
            a5 = a5 + f64(a8)
        a13 = f32(a5)
        b17 = tid * n0
        for c14 in range(n0):
            x15 = p1[b17 + c14]
            v18 = x15 / a13
            p2[b3 + c14] = v18
