import Foundation
import Support
import Synchronization
import Testing

/// The sentences that a store has said.
final class Notices: Sendable {
    private let kept = Mutex([String]())
    func add(_ text: String) { kept.withLock { $0.append(text) } }
    func clear() { kept.withLock { $0 = [] } }
    var all: [String] { kept.withLock { $0 } }
    var text: String { all.joined(separator: "\n") }
}

/// What `body` throws, as the `Failure` that it must be.
func failure(_ body: () throws -> Void) throws -> Failure {
    let thrown = #expect(throws: Failure.self) { try body() }
    return try #require(thrown)
}

/// Elements 0, 1, 2, … so that every place of an array has its own value.
func counting(_ rows: Int, _ cols: Int) -> DenseMatrix {
    let matrix = DenseMatrix(rows: rows, cols: cols)
    for i in 0..<rows * cols { matrix.pointer[i] = Float(i) }
    return matrix
}

/// Cuts `0..<count` into `parts` runs of nearly equal length, empty ones where there are more parts than elements.
func cut(_ count: Int, _ parts: Int) -> [Range<Int>] {
    (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
}
