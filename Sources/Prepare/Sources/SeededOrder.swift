/// An order of `0..<count` that depends on the seed alone, on every machine and with every version of Swift.
///
/// Fisher–Yates, with SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) for the numbers.
struct SeededOrder {
    let positions: [Int]

    init(count: Int, seed: UInt64) {
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            let pick = Int(next().multipliedFullWidth(by: UInt64(last + 1)).high)
            order.swapAt(last, pick)
        }
        positions = order
    }
}
