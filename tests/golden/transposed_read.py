# map over [8 x 6]: mul, add

# mul_add [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f32')
    s0 = arg_i64(args, 3)
    p1 = ptr(args, 4, 'f32')
    p2 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        b3 = r * n0
        for i in range(n0):
            x1 = p0[r + i * n1]
            v2 = x1 * f32(s0)
            x4 = p1[b3 + i]
            v5 = v2 + x4
            p2[b3 + i] = v5
