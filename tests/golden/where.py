# map over [6 x 8]: gt, mul, where

# gt_mul_where [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    s0 = arg_i64(args, 1)
    s1 = arg_f64(args, 2)
    p1 = ptr(args, 3, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        v2 = x1 > f32(s0)
        v3 = x1 * f32(s1)
        v4 = select(v2, x1, v3)
        p1[i] = v4
