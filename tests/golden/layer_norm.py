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
        a1 = f32(0.0)
        for k3 in range(0, n0, 4096):
            a4 = f32(0.0)
            b5 = r * n0
            for c2 in range(k3, min(k3 + 4096, n0)):
                x6 = p0[b5 + c2]
                a4 = red_add(a4, x6)
            a1 = a1 + a4
        v7 = a1 / f32(n0)
        a8 = f32(0.0)
        for k10 in range(0, n0, 4096):
            a11 = f32(0.0)
            b12 = r * n0
            for c9 in range(k10, min(k10 + 4096, n0)):
                x13 = p0[b12 + c9]
                v14 = x13 - v7
                v15 = v14 * v14
                a11 = red_add(a11, v15)
            a8 = a8 + a11
        v16 = a8 / f32(n0)
        v17 = v16 + f32(s0)
        v18 = sqrt(v17)
        b20 = r * n0
        for c19 in range(n0):
            x21 = p0[b20 + c19]
            v22 = x21 - v7
            v23 = v22 / v18
            x24 = p1[c19]
            v25 = v23 * x24
            x26 = p2[c19]
            v27 = v25 + x26
            p3[b20 + c19] = v27
