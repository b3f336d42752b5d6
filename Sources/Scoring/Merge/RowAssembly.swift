import Support

/// Builds a matrix row by row on the threads of a team: first the rows' sizes, then the rows themselves.
///
/// Each row is written by one thread, in the same way, so the result doesn't depend on the team.
package struct RowAssembly: Sendable {
    package let rows: Int
    package let cols: Int
    package let team: ThreadTeam?

    /// A row's slots in the finished matrix.
    package struct Slots {
        package let indices: BufferSlice<Int32>
        package let values: BufferSlice<Float>
    }

    /// - Parameters:
    ///   - size: number of entries of a row.
    ///   - fill: writes that many entries, columns ascending.
    package func build(size: @escaping @Sendable (Int) -> Int, fill: @escaping @Sendable (Int, Slots) -> Void) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        forRows { r in starts[r + 1] = Int64(size(r)) }
        for r in 0..<rows { starts[r + 1] += starts[r] }
        let indices = Buffer<Int32>(count: Int(starts[rows]))
        let values = Buffer<Float>(count: indices.count)
        forRows { r in
            let own = Int(starts[r])..<Int(starts[r + 1])
            fill(r, Slots(indices: indices[own], values: values[own]))
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }

    private func forRows(_ body: @escaping @Sendable (Int) -> Void) {
        guard let team else { return (0..<rows).forEach(body) }
        team.forRanges(rows, grain: 64) { $0.forEach(body) }
    }
}
