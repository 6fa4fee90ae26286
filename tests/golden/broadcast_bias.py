# map over [6 x 8]: add, relu, mul

# add_relu_mul [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    p2 = ptr(args, 3, 'f32')
    p3 = ptr(args, 4, 'f32')
    for r in range(begin, end):
        b2 = r * n0
        for i in range(n0):
            x3 = p0[b2 + i]
            x4 = p1[i]
            v5 = x3 + x4
            v6 = select(v5 < f32(0), f32(0), v5)
            x7 = p2[r]
            v8 = v6 * x7
            p3[b2 + i] = v8
