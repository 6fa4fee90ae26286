# map over [6 x 8]: mul, add

# mul_add [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    s0 = arg_i64(args, 2)
    n1 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f32')
    p2 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        b2 = r * n0
        for i in range(n0):
            x3 = p0[b2 + i]
            v4 = x3 * f32(s0)
            x5 = p1[r + i * n1]
            v6 = v4 + x5
            p2[b2 + i] = v6
