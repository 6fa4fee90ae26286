# map over [5 x 4]: mul

# mul [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    p0 = ptr(args, 2, 'f32')
    p1 = ptr(args, 3, 'f32')
    for i in range(begin, end):
        x1 = strided(p0, n0, i, 2)
        x2 = strided(p0, 1, i, 2)
        v3 = x1 * x2
        p1[i] = v3
