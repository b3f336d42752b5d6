import Kernels

/// Numbers for tests, the same in each run: SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
struct Sample {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(bits() % UInt64(bound)) }
    /// Uniform in [−1, 1).
    mutating func float() -> Float { Float(Int32(truncatingIfNeeded: bits() >> 40) - (1 << 23)) / Float(1 << 23) }
    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in scale * float() } }
    /// Eighths in [−1, 1]: sums and products of two are exact in any order, and there are many ties.
    mutating func eighths(_ count: Int) -> [Float] { (0..<count).map { _ in Float(below(17) - 8) / 8 } }
    /// `count` distinct numbers under `bound`, ascending.
    mutating func subset(_ count: Int, of bound: Int) -> [Int32] {
        var chosen = Set<Int32>()
        while chosen.count < min(count, bound) { chosen.insert(Int32(below(bound))) }
        return chosen.sorted()
    }
    /// rows×ld, of which `cols` columns are filled and the rest is zero.
    mutating func rows(_ rows: Int, _ cols: Int, ld: Int, scale: Float = 1) -> [Float] {
        (0..<rows * ld).map { $0 % ld < cols ? scale * float() : 0 }
    }
}

extension dx_adam {
    /// Lazy Adam as the trainer has it, some steps in.
    static let sample = dx_adam(
        beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 0.003, inv_sqrt_bc2: 1, weight_decay: 0, kind: Int32(DX_ADAM))
    /// Dense Adam, early: ε is small beside the corrected root.
    static let dense = dx_adam(
        beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 0.01, inv_sqrt_bc2: 1.7, weight_decay: 0, kind: Int32(DX_ADAM))
    static let decayed = dx_adam(
        beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 0.003, inv_sqrt_bc2: 1, weight_decay: 0.3, kind: Int32(DX_ADAM))
    static let decoupled = dx_adam(
        beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 0.003, inv_sqrt_bc2: 1, weight_decay: 0.02, kind: Int32(DX_ADAMW))
    static let momentum = dx_adam(
        beta1: 0.8, beta2: 0.999, eps: 1e-8, step: 0.05, inv_sqrt_bc2: 1, weight_decay: 0, kind: Int32(DX_SGD))
    static let decayedMomentum = dx_adam(
        beta1: 0.8, beta2: 0.999, eps: 1e-8, step: 0.05, inv_sqrt_bc2: 1, weight_decay: 0.3, kind: Int32(DX_SGD))
    static let all = [sample, dense, decayed, decoupled, momentum, decayedMomentum]

    var isSGD: Bool { kind == Int32(DX_SGD) }
}

extension dx_stream {
    static func sample(moment: UInt32) -> dx_stream { dx_stream(key0: 7, key1: 9, purpose: 0x302, moment: moment) }
}
