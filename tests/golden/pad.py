# map over [3 x 4]: mul

# map over [4 x 6]: copy

# mul [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    s0 = arg_i64(args, 1)
    p1 = ptr(args, 2, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        v2 = x1 * f32(s0)
        p1[i] = v2

# copy [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    p0 = ptr(args, 3, 'f32')
    n3 = arg_i64(args, 4)
    p1 = ptr(args, 5, 'f32')
    for r in range(begin, end):
        b2 = n2 + r * n1
        b7 = r * n0
        for i in range(n0):
            e4 = -1 + r
            e5 = i
            x3 = p0[b2 + i] if (e4 >= 0) & (e4 < n3) & (e5 >= 0) & (e5 < n1) else f32(0.5)
            v6 = x3
            p1[b7 + i] = v6
