# row over [6 x 8*]: sum, div, sub, square, sum, div, add, sqrt, div, mul, tanh, mul, sub, mul, mul, mul, div, mul, neg, div, sum, mul, div, div, mul, mul, neg, sum, neg, sum, add, add, div, add

# col over [6* x 8]: sum

# sum_div_sub_square_add_sqrt_mul_tanh_neg [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    s0 = arg_f64(args, 2)
    p1 = ptr(args, 3, 'f32')
    p2 = ptr(args, 4, 'f32')
    p3 = ptr(args, 5, 'f32')
    p4 = ptr(args, 6, 'f32')
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
        v21 = f32(2.0) * v20
        a22 = f64(0.0)
        a23 = f64(0.0)
        for k25 in range(0, n0, 4096):
            a26 = f32(0.0)
            a27 = f32(0.0)
            b28 = r * n0
            b45 = tid * n0
            for c24 in range(k25, min(k25 + 4096, n0)):
                x29 = p0[b28 + c24]
                v30 = x29 - v8
                v31 = v30 / v20
                x32 = p1[c24]
                v33 = v31 * x32
                v34 = tanh_f32(v33)
                v35 = v34 * v34
                v36 = f32(1.0) - v35
                v37 = f32(1.0) * v36
                v38 = v37 * x32
                v39 = v38 * v31
                v40 = -v39
                v41 = v40 / v20
                a26 = red_add(a26, v41)
                v42 = v38 / v20
                v43 = -v42
                a27 = red_add(a27, v43)
                v44 = v37 * v31
                p2[b28 + c24] = v44
                p3[b45 + c24] = v42
            a22 = a22 + f64(a26)
            a23 = a23 + f64(a27)
        a46 = f32(a22)
        a47 = f32(a23)
        v48 = a46 / v21
        v49 = v48 / f32(n0)
        a50 = f64(0.0)
        for k52 in range(0, n0, 4096):
            a53 = f32(0.0)
            b54 = r * n0
            for c51 in range(k52, min(k52 + 4096, n0)):
                x55 = p0[b54 + c51]
                v56 = x55 - v8
                v57 = f32(2.0) * v56
                v58 = v49 * v57
                v59 = -v58
                a53 = red_add(a53, v59)
            a50 = a50 + f64(a53)
        a60 = f32(a50)
        v61 = a60 + a47
        v62 = v61 / f32(n0)
        b65 = r * n0
        b71 = tid * n0
        for c63 in range(n0):
            x66 = p0[b65 + c63]
            v67 = x66 - v8
            v68 = f32(2.0) * v67
            v69 = v49 * v68
            x70 = p3[b71 + c63]
            v72 = v69 + x70
            v73 = v72 + v62
            p4[b65 + c63] = v73

# sum [col]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f64')
    n2 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f32')
    p2 = ptr(args, 5, 'f32')
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
            b11 = c5 * n1
            b13 = c6 * n1
            b15 = c7 * n1
            for i in range(lo, hi):
                x10 = p1[b9 + i]
                x12 = p1[b11 + i]
                x14 = p1[b13 + i]
                x16 = p1[b15 + i]
                w17 = i + tid * 1024 - lo
                p0[w17] = p0[w17] + f64(((x10 + x12) + (x14 + x16)))
        for c18 in range(m3, n2):
            b19 = c18 * n1
            for i in range(lo, hi):
                x20 = p1[b19 + i]
                w21 = i + tid * 1024 - lo
                p0[w21] = p0[w21] + f64(x20)
        for i in range(lo, hi):
            w23 = i + tid * 1024 - lo
            a22 = f32(p0[w23])
            p2[i] = a22
