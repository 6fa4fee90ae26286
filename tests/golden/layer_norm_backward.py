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
        v19 = f32(2.0) * v18
        a20 = f32(0.0)
        a21 = f32(0.0)
        for k23 in range(0, n0, 4096):
            a24 = f32(0.0)
            a25 = f32(0.0)
            b26 = r * n0
            for c22 in range(k23, min(k23 + 4096, n0)):
                x27 = p0[b26 + c22]
                v28 = x27 - v7
                v29 = v28 / v18
                x30 = p1[c22]
                v31 = v29 * x30
                v32 = tanh_f32(v31)
                v33 = v32 * v32
                v34 = f32(1.0) - v33
                v35 = f32(1.0) * v34
                v36 = v35 * x30
                v37 = v36 * v29
                v38 = -v37
                v39 = v38 / v18
                a24 = red_add(a24, v39)
                v40 = v36 / v18
                v41 = -v40
                a25 = red_add(a25, v41)
                v42 = v35 * v29
                p2[b26 + c22] = v42
            a20 = a20 + a24
            a21 = a21 + a25
        v43 = a20 / v19
        v44 = v43 / f32(n0)
        a45 = f32(0.0)
        for k47 in range(0, n0, 4096):
            a48 = f32(0.0)
            b49 = r * n0
            for c46 in range(k47, min(k47 + 4096, n0)):
                x50 = p0[b49 + c46]
                v51 = x50 - v7
                v52 = f32(2.0) * v51
                v53 = v44 * v52
                v54 = -v53
                a48 = red_add(a48, v54)
            a45 = a45 + a48
        v55 = a45 + a21
        v56 = v55 / f32(n0)
        b58 = r * n0
        for c57 in range(n0):
            x59 = p0[b58 + c57]
            v60 = x59 - v7
            v61 = f32(2.0) * v60
            v62 = v44 * v61
            v63 = v60 / v18
            x64 = p1[c57]
            v65 = v63 * x64
            v66 = tanh_f32(v65)
            v67 = v66 * v66
            v68 = f32(1.0) - v67
            v69 = f32(1.0) * v68
            v70 = v69 * x64
            v71 = v70 / v18
            v72 = v62 + v71
            v73 = v72 + v56
            p3[b58 + c57] = v73

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
        lo = (t - o * n0) * 256
        hi = min(lo + 256, n1)
        for i in range(lo, hi):
            w2 = i + tid * 256 - lo
            p0[w2] = f64(0.0)
        for c3 in range(n2):
            b4 = c3 * n1
            for i in range(lo, hi):
                x5 = p1[b4 + i]
                w6 = i + tid * 256 - lo
                p0[w6] = p0[w6] + f64(x5)
        for i in range(lo, hi):
            w8 = i + tid * 256 - lo
            a7 = f32(p0[w8])
            p2[i] = a7
