# row over [6 x 8*]: argmax

# argmax [row]
def kernel(args, begin, end, tid):
    n0 = arg_i64(args, 0)
    p0 = ptr(args, 1, 'f32')
    p1 = ptr(args, 2, 'i64')
    for r in range(begin, end):
        a1 = -f32(INF)
        j2 = 0
        b4 = r * n0
        for c3 in range(n0):
            x5 = p0[b4 + c3]
            x6 = x5
            m8 = a1
            h7 = (x6 > m8) | ((x6 != x6) & (m8 == m8))
            a1 = select(h7, x6, m8)
            j2 = select(h7, i64(c3), j2)
        p1[r] = j2
