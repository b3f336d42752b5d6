import Kernels
import Support

// Layouts that came from a file: kernels look at no number before they use it.
extension InvertedArrays {
    /// - Parameter name: of the arrays, in messages.
    /// - Throws: `Failure(.usage)` with the first number that is out of range.
    public func check(_ checks: RangeChecks, _ name: String) throws {
        try checks.starts(starts, of: "\(name).starts", rows: features, entries: labelIds.count)
        try checks.indices(labelIds, of: "\(name).labels", below: labels)
        try checks.ascending(labelIds, of: "\(name).labels", in: starts)
        try checks.permutation(byBias, of: "\(name).by_bias")
    }
}

extension WeightTableArrays {
    /// - Parameters:
    ///   - name: of the arrays, in messages.
    ///   - own: the labels whose tables are looked at; nil: all.
    /// - Throws: `Failure(.usage)` where a label's table is none.
    public func check(_ checks: RangeChecks, _ name: String, _ team: ThreadTeam, labels own: Range<Int>? = nil) throws {
        try checks.starts(starts, of: "\(name).starts", rows: labels, entries: tables.count)
        let wrong = firstRow(own ?? 0..<labels, team) { [starts, tables] label in
            dx_weights_are_sound(tables.pointer + Int(starts[label]), Int(starts[label + 1] - starts[label])) == 0
        }
        guard let wrong else { return }
        throw checks.refusal(
            "\(name).tables", Int(starts[wrong]), found: "no table of label \(wrong)",
            expected: "a table as this program makes them")
    }
}

extension NarrowRows {
    /// - Parameters:
    ///   - name: of the arrays, in messages.
    ///   - own: the rows that are looked at; nil: all.
    /// - Throws: `Failure(.usage)` where a row's numbers leave it, fall, or are none of the columns.
    public func check(_ checks: RangeChecks, _ name: String, _ team: ThreadTeam, rows own: Range<Int>? = nil) throws {
        try checks.starts(starts, of: "\(name).starts", rows: rows, entries: bytes.count)
        let width = Int32(weights.width), bound = Int64(cols)
        let wrong = firstRow(own ?? 0..<rows, team) { [starts, bytes] row in
            dx_narrow_is_sound(bytes.pointer + Int(starts[row]), Int(starts[row + 1] - starts[row]), width, bound) == 0
        }
        guard let wrong else { return }
        throw checks.refusal(
            "\(name).bytes", Int(starts[wrong]), found: "no entries of row \(wrong)",
            expected: "numbers that ascend, below \(cols), each with its weight")
    }
}

/// The first of some rows that is wrong.
private func firstRow(_ rows: Range<Int>, _ team: ThreadTeam, _ isWrong: @escaping @Sendable (Int) -> Bool) -> Int? {
    let length = 1024, runs = (rows.count + length - 1) / length, found = Buffer<Int64>(count: runs)
    team.forEach(runs) { run in
        let from = rows.lowerBound + run * length
        found[run] = Int64((from..<min(from + length, rows.upperBound)).first(where: isWrong) ?? -1)
    }
    return found.all.first { $0 >= 0 }.map { Int($0) }
}
