# map over [6 x 4]: mul, copy

# opaque over []: update

# mul [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    s0 = arg_i64(args, 1)
    p1 = ptr(args, 2, 'f32')
    for i in range(begin, end):
        x1 = p0[i]
        v2 = x1 * f32(s0)
        v3 = v2
        p1[i] = v3

# copy [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'f32')
    p1 = ptr(args, 1, 'f32')
    n0 = arg_i64(args, 2)
    for i in range(begin, end):
        x1 = p0[i]
        v2 = x1
        p1[i * n0] = v2
