# map over [6 x 8]: uniform, ge, mul, where

# uniform_ge_mul_where [map]
def kernel(args, begin, end, tid):
    s0 = arg_i64(args, 0)
    s1 = arg_i64(args, 1)
    s2 = arg_f64(args, 2)
    p0 = ptr(args, 3, 'f32')
    s3 = arg_f64(args, 4)
    p1 = ptr(args, 5, 'f32')
    for i in range(begin, end):
        v1 = uniform_f32(i64(s0), i64(s1) + i)
        v2 = v1 >= f32(s2)
        x3 = p0[i]
        v4 = x3 * f32(s3)
        v5 = select(v2, v4, f32(0.0))
        p1[i] = v5
