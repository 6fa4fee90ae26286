# map over [2]: mul

# map over [2 x 2]: add

# row over [2 x 3 x 3 x 2* x 2*]: argmax, eq, where, sum, where

# map over [2 x 3 x 2 x 3 x 2]: copy

# mul [map]
def kernel(args, begin, end, tid):
    p0 = ptr(args, 0, 'i64')
    for i in range(begin, end):
        v1 = i64(i) * i64(2)
        p0[i] = v1

# add [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'i64')
    p1 = ptr(args, 2, 'i64')
    for r in range(begin, end):
        b3 = r * n0
        for i in range(n0):
            x1 = p0[r]
            v2 = i64(i) + x1
            p1[b3 + i] = v2

# argmax_eq_where_sum [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    n3 = arg_i64(args, 3)
    p0 = ptr(args, 4, 'f32')
    p1 = ptr(args, 5, 'i64')
    p2 = ptr(args, 6, 'f32')
    n4 = arg_i64(args, 7)
    n5 = arg_i64(args, 8)
    p3 = ptr(args, 9, 'f32')
    for r in range(begin, end):
        q1 = r // n0
        i2 = r - q1 * n0
        a3 = -f32(INF)
        j4 = 0
        for c5 in range(n1):
            b7 = q1 * n2 + i2 * n1 + c5 * n3
            b12 = c5 * n1
            for c6 in range(n1):
                x8 = p0[b7 + c6]
                x9 = x8
                m11 = a3
                h10 = (x9 > m11) | ((x9 != x9) & (m11 == m11))
                a3 = select(h10, x9, m11)
                j4 = select(h10, i64(b12 + c6), j4)
        a13 = f32(0.0)
        for c14 in range(n1):
            b17 = c14 * n1
            b20 = q1 * n2 + i2 * n1 + c14 * n3
            b24 = q1 * n4 + i2 * n5 + c14 * n1
            for c15 in range(n1):
                x18 = p1[b17 + c15]
                v19 = x18 == j4
                x21 = p0[b20 + c15]
                v22 = select(v19, x21, f32(0.0))
                a13 = red_add(a13, v22)
                v23 = select(v19, f32(1.0), f32(0.0))
                p2[b24 + c15] = v23
        b25 = q1 * n0 + i2
        p3[b25] = a13

# copy [map]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    n1 = arg_i64(args, 1)
    n2 = arg_i64(args, 2)
    n3 = arg_i64(args, 3)
    p0 = ptr(args, 4, 'f32')
    p1 = ptr(args, 5, 'f32')
    n4 = arg_i64(args, 6)
    n5 = arg_i64(args, 7)
    for r in range(begin, end):
        q1 = r // n0
        i2 = r - q1 * n0
        q3 = q1 // n1
        i4 = q1 - q3 * n1
        b5 = q3 * n2 + i4 * n1 + i2 * n3
        b9 = q3 * n4 + i4 * n5 + i2 * n1
        for i in range(n1):
            x6 = p0[b5 + i]
            v7 = x6
            p1[b9 + i] = v7
