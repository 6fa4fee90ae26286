# row over [6 x 8*]: sum, div, sub, square, sum, div, add, sqrt, div, mul, add

# sum_div_sub_square_add_sqrt_mul [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    s0 = arg_f64(args, 2)
    p1 = ptr(args, 3, 'f32')
    p2 = ptr(args, 4, 'f32')
    p3 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        a1 = f64(0.0)
        for k3 in range(0, n0, 4096):
            a4 = f32(0.0)
            b5 = r * n0
            for c2 in range(k3, min(k3 + 4096, n0)):
                x6 = p0[b5 + c2]
                a4 = red_add(a4, x6)
            a1 = a1 + f64(a4)
        a7 = f32(a1)
        v8 = a7 / f32(n0)
        a9 = f64(0.0)
        for k11 in range(0, n0, 4096):
            a12 = f32(0.0)
            b13 = r * n0
            for c10 in range(k11, min(k11 + 4096, n0)):
                x14 = p0[b13 + c10]
                v15 = x14 - v8
                v16 = v15 * v15
                a12 = red_add(a12, v16)
            a9 = a9 + f64(a12)
        a17 = f32(a9)
        v18 = a17 / f32(n0)
        v19 = v18 + f32(s0)
        v20 = sqrt(v19)
        b22 = r * n0
        for c21 in range(n0):
            x23 = p0[b22 + c21]
            v24 = x23 - v8
            v25 = v24 / v20
            x26 = p1[c21]
            v27 = v25 * x26
            x28 = p2[c21]
            v29 = v27 + x28
            p3[b22 + c21] = v29
