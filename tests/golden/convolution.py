# map over [2 x 3 x 3 x 5 x 5]: copy

# opaque over []: gemm

# map over [2 x 2 x 5 x 5]: add, relu, gt, where

# opaque over []: gemm

# opaque over []: gemm

# col over [2* x 2 x 9]: sum

# row over [2 x 5 x 5 x 3* x 3*]: sum

# copy [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    n3 = arg_i64(args, 3)
    n4 = arg_i64(args, 4)
    p0 = ptr(args, 5, 'f32')
    p1 = ptr(args, 6, 'f32')
    n5 = arg_i64(args, 7)
    n6 = arg_i64(args, 8)
    n7 = arg_i64(args, 9)
    for r in range(begin, end):
        q1 = r // n0
        i2 = r - q1 * n0
        q3 = q1 // n1
        i4 = q1 - q3 * n1
        q5 = q3 // n1
        i6 = q3 - q5 * n1
        b7 = n4 + q5 * n2 + i6 * n3 + i4 + i2 * n3
        b12 = q5 * n5 + i6 * n6 + i4 * n7 + i2 * n0
        for i in range(n0):
            e9 = -1 + i6 + i2
            e10 = -1 + i4 + i
            x8 = p0[b7 + i] if (e9 >= 0) & (e9 < n3) & (e10 >= 0) & (e10 < n3) else f32(0.0)
            v11 = x8
            p1[b12 + i] = v11

# gemm [gemm]
# native micro-kernel

# add_relu_gt_where [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    p0 = ptr(args, 3, 'f32')
    p1 = ptr(args, 4, 'f32')
    p2 = ptr(args, 5, 'f32')
    p3 = ptr(args, 6, 'f32')
    for r in range(begin, end):
        q1 = r // n0
        i2 = r - q1 * n0
        b3 = q1 * n2 + i2 * n1
        for i in range(n1):
            x4 = p0[b3 + i]
            x5 = p1[i2]
            v6 = x4 + x5
            p2[b3 + i] = v6
            v7 = select(v6 < f32(0), f32(0), v6)
            v8 = v7 > f32(0.0)
            v9 = select(v8, f32(1.0), f32(0.0))
            p3[b3 + i] = v9

# gemm [gemm]
# native micro-kernel

# gemm [gemm]
# native micro-kernel

# sum [col]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f64')
    n2 = arg_i64(args, 3)
    n3 = arg_i64(args, 4)
    p1 = ptr(args, 5, 'f32')
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
            b9 = c4 * n3
            b11 = c5 * n3
            b13 = c6 * n3
            b15 = c7 * n3
            for i in range(lo, hi):
                x10 = p1[b9 + i]
                x12 = p1[b11 + i]
                x14 = p1[b13 + i]
                x16 = p1[b15 + i]
                w17 = i + tid * 1024 - lo
                p0[w17] = p0[w17] + f64(((x10 + x12) + (x14 + x16)))
        for c18 in range(m3, n2):
            b19 = c18 * n3
            for i in range(lo, hi):
                x20 = p1[b19 + i]
                w21 = i + tid * 1024 - lo
                p0[w21] = p0[w21] + f64(x20)
        for i in range(lo, hi):
            w23 = i + tid * 1024 - lo
            a22 = f32(p0[w23])
            p2[i] = a22

# sum [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    n3 = arg_i64(args, 3)
    n4 = arg_i64(args, 4)
    n5 = arg_i64(args, 5)
    n6 = arg_i64(args, 6)
    p0 = ptr(args, 7, 'f32')
    p1 = ptr(args, 8, 'f32')
    n7 = arg_i64(args, 9)
    for r in range(begin, end):
        q1 = r // n0
        i2 = r - q1 * n0
        q3 = q1 // n0
        i4 = q1 - q3 * n0
        a5 = f32(0.0)
        for c6 in range(n1):
            b9 = n6 + q3 * n2 + i4 * n3 + i2 + c6 * n4
            for c7 in range(n1):
                e11 = 1 + i4 + c6 * -1
                e12 = 1 + i2 + c7 * -1
                x10 = p0[b9 + c7 * n5] if (e11 >= 0) & (e11 < n3) & (e12 >= 0) & (e12 < n3) else f32(0.0)
                a5 = red_add(a5, x10)
        b13 = q3 * n7 + i4 * n0 + i2
        p1[b13] = a5
