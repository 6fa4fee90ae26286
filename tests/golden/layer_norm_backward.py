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
            a22 = a22 + f64(a26)
            a23 = a23 + f64(a27)
        a45 = f32(a22)
        a46 = f32(a23)
        v47 = a45 / v21
        v48 = v47 / f32(n0)
        a49 = f64(0.0)
        for k51 in range(0, n0, 4096):
            a52 = f32(0.0)
            b53 = r * n0
            for c50 in range(k51, min(k51 + 4096, n0)):
                x54 = p0[b53 + c50]
                v55 = x54 - v8
                v56 = f32(2.0) * v55
                v57 = v48 * v56
                v58 = -v57
                a52 = red_add(a52, v58)
            a49 = a49 + f64(a52)
        a59 = f32(a49)
        v60 = a59 + a46
        v61 = v60 / f32(n0)
        b63 = r * n0
        for c62 in range(n0):
            x64 = p0[b63 + c62]
            v65 = x64 - v8
            v66 = f32(2.0) * v65
            v67 = v48 * v66
            v68 = v65 / v20
            x69 = p1[c62]
            v70 = v68 * x69
            v71 = tanh_f32(v70)
            v72 = v71 * v71
            v73 = f32(1.0) - v72
            v74 = f32(1.0) * v73
            v75 = v74 * x69
            v76 = v75 / v20
            v77 = v67 + v76
            v78 = v77 + v61
            p3[b63 + c62] = v78

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
        for c3 in range(n2):
            b4 = c3 * n1
            for i in range(lo, hi):
                x5 = p1[b4 + i]
                w6 = i + tid * 1024 - lo
                p0[w6] = p0[w6] + f64(x5)
        for i in range(lo, hi):
            w8 = i + tid * 1024 - lo
            a7 = f32(p0[w8])
            p2[i] = a7
