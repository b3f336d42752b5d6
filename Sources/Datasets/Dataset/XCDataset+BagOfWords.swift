import Support
import Synchronization

/// A matrix that is made when it is first asked for, by whichever thread comes first.
final class LazyMatrix: Sendable {
    private let matrix = Mutex<CSRMatrix?>(nil)

    func value(orMake make: () -> CSRMatrix) -> CSRMatrix {
        matrix.withLock { stored in
            if let stored { return stored }
            let made = make()
            stored = made
            return made
        }
    }
}

extension XCDataset {
    /// The training features without their order: N×V, columns ascending and distinct, values how often a token stands in
    /// the document, l2-normalised. Of `sequential` features; others are such already, and are returned as they are.
    ///
    /// Made when first asked for, and kept.
    public var bagOfWords: CSRMatrix {
        guard featureType == .sequential else { return trainFeatures }
        return words.value { trainFeatures.countingColumns() }
    }
}

extension CSRMatrix {
    /// Each row's columns once, ascending, with l2-normalised counts as values.
    func countingColumns() -> CSRMatrix {
        let newStarts = Buffer<Int64>(count: rows + 1)
        let newIndices = Buffer<Int32>(count: nonZeros)
        let counts = Buffer<Float>(count: nonZeros)
        var kept = 0
        for r in 0..<rows {
            let start = kept
            for column in columns(r).sorted() {
                if kept == start || newIndices.pointer[kept - 1] != column {
                    newIndices.pointer[kept] = column
                    kept += 1
                }
                counts.pointer[kept - 1] += 1
            }
            newStarts.pointer[r + 1] = Int64(kept)
        }
        let words = CSRMatrix(
            rows: rows, cols: cols, starts: newStarts, indices: newIndices.prefix(kept), values: counts.prefix(kept))
        let team = ThreadTeam(size: 1)
        words.normalizeRows(team)
        return words
    }
}
