# map over [6 x 8]: add, relu, mul

# add_relu_mul [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    for r in range(begin, end):
        b1 = r * n0
        for i in range(n0):
            x2 = p0[b1 + i]
            x3 = p1[i]
            v4 = x2 + x3
            v5 = maximum(v4, f32(0))
            x6 = p2[r]
            v7 = v5 * x6
            p3[b1 + i] = v7
