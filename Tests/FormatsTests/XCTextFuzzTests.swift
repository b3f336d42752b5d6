import Formats
import Support
import TestSupport
import Testing

@Suite struct XCTextFuzzTests {
    /// SplitMix64: the same mutations in each run, so that a failure can be seen again.
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let good = Array("5 40\n0:1.5 4:2 39:7.25e-1\n\n2:0.25 11:123456.789\r\n7:1\n3:0.1 9:22.125 10:1".utf8)
    private static let telling = Array("\n\r :.-+eE0159naif\0\u{FF}\t,".utf8)

    private static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = good
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let byte =
                Bool.random(using: &random) ? telling.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.insert(byte, at: at)
            case 1 where at < bytes.count: bytes.remove(at: at)
            case 2: bytes.removeSubrange(at...)
            case 3:
                let from = Int.random(in: 0...at, using: &random)
                bytes.insert(contentsOf: Array(bytes[from..<at]), at: Int.random(in: 0...bytes.count, using: &random))
            case 4: bytes.insert(contentsOf: [UInt8](repeating: byte, count: Int.random(in: 1...40, using: &random)), at: at)
            default: if at < bytes.count { bytes[at] = byte }
            }
        }
        return bytes
    }

    /// What any matrix must be, wherever it came from.
    private func isSound(_ m: CSRMatrix) -> Bool {
        guard m.starts[0] == 0, m.starts[m.rows] == Int64(m.nonZeros) else { return false }
        return (0..<m.rows).allSatisfy { r in
            guard m.starts[r] <= m.starts[r + 1] else { return false }
            let columns = m.columns(r)
            return zip(columns, columns.dropFirst()).allSatisfy { $0 < $1 } && columns.allSatisfy { 0 <= $0 && $0 < m.cols }
                && m.weights(r).allSatisfy { $0 > 0 && $0.isFinite }
        }
    }

    @Test func parsesOrThrows() throws {
        let folder = try TemporaryFolder()
        var random = SeededGenerator(state: 7)
        var parsed = 0
        var problems: Set<String> = []
        for _ in 0..<3000 {
            let bytes = Self.mutated(&random)
            let path = try folder.write("f.txt", bytes)
            do {
                let matrix = try MatrixFile.read(
                    path: path, kind: .features, threads: 1, pieceBytes: Int.random(in: 1...90, using: &random))
                #expect(isSound(matrix), "\(bytes)")
                parsed += 1
            } catch let failure as Failure {
                #expect(failure.code == .usage && failure.place.hasPrefix(path))
                problems.insert(failure.problem)
            }
        }
        // The mutations must reach both sides, and most of the refusals.
        #expect(parsed > 100 && parsed < 2500)
        #expect(problems.count >= 8, "\(problems)")
    }
}
