# map over [6 x 8]: mul, add, relu, mul, sub, tanh

# mul_add_relu_sub_tanh [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    s0 = arg_i64(args, 1)
    s1 = arg_i64(args, 2)
    p1 = ptr(args, 3, 'f32')
    p2 = ptr(args, 4, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        v2 = x1 * f32(s0)
        v3 = v2 + f32(s1)
        v4 = select(v3 < f32(0), f32(0), v3)
        x5 = p1[i]
        v6 = v4 * x5
        v7 = v6 - x1
        v8 = tanh_f32(v7)
        p2[i] = v8
