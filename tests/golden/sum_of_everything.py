# map over []: cast

# map over []: cast

# split over [262144*]: mul, add, cast, mul, partial

# row over [8*]: sum

# copy [map]
def kernel(args, begin, end, tid):
    s0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    for i in range(begin, end):
        v1 = i64(s0)
        p0[0] = v1

# copy [map]
def kernel(args, begin, end, tid):
    s0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    for i in range(begin, end):
        v1 = i64(s0)
        p0[0] = v1

# mul_add_partial [split]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    p0 = ptr(args, 3, 'i64')
    p1 = ptr(args, 4, 'i64')
    s0 = arg_f64(args, 5)
    p2 = ptr(args, 6, 'f32')
    for t in range(begin, end):
        r = t // n0
        k = t - r * n0
        lo = k * n1
        hi = min(lo + n1, n2)
        a1 = f32(0.0)
        for c2 in range(lo, hi):
            x3 = p0[0]
            x4 = p1[0]
            v5 = i64(c2) * x4
            v6 = x3 + v5
            v7 = f32(v6)
            v8 = v7 * f32(s0)
            a1 = red_add(a1, v8)
        p2[k] = a1

# sum [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'f32')
    for r in range(begin, end):
        a1 = f64(0.0)
        for k3 in range(0, n0, 4096):
            a4 = f32(0.0)
            for c2 in range(k3, min(k3 + 4096, n0)):
                x5 = p0[c2]
                a4 = red_add(a4, x5)
            a1 = a1 + f64(a4)
        a6 = f32(a1)
        p1[0] = a6
