import Transport

/// One property of a communicator, checked on every rank of it; throws where it does not hold.
public struct Check: Sendable {
    public let name: String
    public let body: @Sendable (any Communicator) throws -> Void

    public init(_ name: String, _ body: @escaping @Sendable (any Communicator) throws -> Void) {
        self.name = name
        self.body = body
    }

    /// The checks that hold for any transport and any number of ranks.
    public static let all = exchangeChecks + postChecks + collectiveChecks + splitChecks + reductionChecks
}

/// A property that does not hold.
public struct Unequal: Error, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// Throws where the two differ, with both.
public func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
    if found != expected { throw Unequal(description: "\(what): found \(found), expected \(expected)") }
}

/// Deterministic noise (SplitMix64, Steele, Lea & Flood 2014).
public struct Noise: RandomNumberGenerator {
    private var state: UInt64
    public init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Floats of very different sizes and both signs, whose sum depends on the order.
    public mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) * Float(1 << Int.random(in: 0...20, using: &self)) }
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            for start in stride(from: 0, to: count, by: 8) {
                var word = next()
                for i in start..<min(start + 8, count) {
                    bytes[i] = UInt8(truncatingIfNeeded: word)
                    word >>= 8
                }
            }
            filled = count
        }
    }
}
