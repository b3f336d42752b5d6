import Support

/// What a binary file holds, before its purpose is known.
enum StoredMatrix {
    case dense(NumPyArray)
    case sparse(StoredCSR)

    /// The matrix as `kind` wants it, with memory of its own.
    ///
    /// - Throws: `Failure` where the content breaks a rule of its form or of `kind`.
    func matrix(_ kind: MatrixFile.Kind, _ team: ThreadTeam) throws -> CSRMatrix {
        switch (self, kind) {
        case (.dense(let array), .dense): return try array.matrix().fullRows()
        case (.dense(let array), .sequences):
            throw Failure(
                .usage, "a dense array holds no sequences", at: array.place, found: "an array of shape \(array.shape)",
                expected: "scipy's CSR with a row's token ids in order", advice: SequenceAdvice.text)
        case (.dense(let array), _):
            return try array.matrix().withoutZeros(team).checked(as: kind, place: array.place)
        case (.sparse(let csr), .sequences):
            return try csr.matrix().asSequences(place: csr.place, isText: false)
        case (.sparse(let csr), .dense):
            let bytes = csr.values.content.count + csr.columns.content.count + csr.starts.content.count
            return try csr.sortedMatrix().filledUp(place: csr.place, bytes: bytes)
        case (.sparse(let csr), _):
            return try csr.sortedMatrix().withoutZeros().checked(as: kind, place: csr.place)
        }
    }
}

extension DenseMatrix {
    /// This matrix in compressed rows, each of all columns; shares the elements.
    package func fullRows() -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        let indices = Buffer<Int32>(count: rows * cols)
        for r in 0..<rows {
            starts.pointer[r + 1] = Int64((r + 1) * cols)
            for c in 0..<cols { indices.pointer[r * cols + c] = Int32(c) }
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: buffer)
    }

    /// The elements other than 0.
    package func withoutZeros(_ team: ThreadTeam) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        team.forRanges(rows, grain: 256) { [self] range in
            for r in range { starts.pointer[r + 1] = Int64((0..<cols).count { row(r)[$0] != 0 }) }
        }
        for r in 0..<rows { starts.pointer[r + 1] += starts[r] }
        let indices = Buffer<Int32>(count: Int(starts[rows]))
        let values = Buffer<Float>(count: Int(starts[rows]))
        team.forRanges(rows, grain: 256) { [self] range in
            for r in range {
                var at = Int(starts[r])
                for c in 0..<cols where row(r)[c] != 0 {
                    indices.pointer[at] = Int32(c)
                    values.pointer[at] = row(r)[c]
                    at += 1
                }
            }
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }
}

/// Advice on how to get features in the order of the text.
package enum SequenceAdvice {
    package static let text =
        "`deepxml-dist prepare` writes trn_X_seq.npz and tst_X_seq.npz from your text: name them by "
        + "--set global.trn_feat_fname=trn_X_seq.npz --set global.tst_feat_fname=tst_X_seq.npz"
}

extension CSRMatrix {
    /// The same matrix without stored entries of value 0.
    package func withoutZeros() -> CSRMatrix {
        guard let values, (0..<nonZeros).contains(where: { values.pointer[$0] == 0 }) else { return self }
        return filtering { values.pointer[$0] != 0 }
    }

    /// The stored entries for which `keeps` holds, given their position; always memory of its own.
    package func filtering(_ keeps: (Int) -> Bool) -> CSRMatrix {
        let newStarts = Buffer<Int64>(count: rows + 1)
        let newIndices = Buffer<Int32>(count: nonZeros)
        let newValues = values.map { _ in Buffer<Float>(count: nonZeros) }
        var kept = 0
        for r in 0..<rows {
            for i in range(r) where keeps(i) {
                newIndices.pointer[kept] = indices.pointer[i]
                if let values, let newValues { newValues.pointer[kept] = values.pointer[i] }
                kept += 1
            }
            newStarts.pointer[r + 1] = Int64(kept)
        }
        return CSRMatrix(
            rows: rows, cols: cols, starts: newStarts, indices: newIndices.prefix(kept), values: newValues?.prefix(kept))
    }

    /// Labels lose their values, of which none may be negative.
    package func checked(as kind: MatrixFile.Kind, place: String) throws -> CSRMatrix {
        guard kind == .labels, let values else { return self }
        if let at = (0..<nonZeros).first(where: { values.pointer[$0] < 0 }) {
            let row = (0..<rows).first { Int(starts[$0 + 1]) > at } ?? 0
            throw Failure(
                .usage, "negative value", at: "\(place): row \(row), column \(indices[at])", found: "\(values[at])",
                expected: "a number of 0 or more", advice: "these are not labels: check the file's name")
        }
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: nil)
    }

    /// Every row with all columns, zeros put in.
    ///
    /// - Parameter bytes: size of what the matrix came from, to which the result must be in proportion.
    package func filledUp(place: String, bytes: Int) throws -> CSRMatrix {
        let (count, overflow) = rows.multipliedReportingOverflow(by: cols)
        let most = 1 << 20 + 64 * bytes
        guard !overflow, count <= most else {
            throw Failure(
                .usage, "too sparse for dense features", at: place, found: "\(rows)×\(cols), \(nonZeros) entries",
                expected: "at most \(most) elements for a file of this size",
                advice: "use feature_type sparse, or write a dense array by numpy.save")
        }
        let dense = DenseMatrix(rows: rows, cols: cols)
        for r in 0..<rows {
            for i in range(r) { dense.row(r)[Int(indices[i])] = values?[i] ?? 1 }
        }
        return dense.fullRows()
    }

    /// Sequences: all values are 1.
    ///
    /// - Throws: `Failure` where this is a bag of words: no row is out of order, and text can't show otherwise, nor do the
    ///   values (a weight is no sequence's).
    package func asSequences(place: String, isText: Bool) throws -> CSRMatrix {
        let inOrder = (0..<rows).contains { range($0).count > 1 } && (0..<rows).allSatisfy { columns($0).ascends }
        if inOrder, isText || (values.map { v in (0..<nonZeros).contains { v.pointer[$0] != 1 } } ?? false) {
            throw Failure(
                .usage, "these features are a bag of words, not sequences", at: place,
                found: "ascending columns in every row\(isText ? "" : ", with weights")",
                expected: "token ids in the order of the text (feature_type sequential)", advice: SequenceAdvice.text)
        }
        return withOnes()
    }

    /// The same entries, each 1.
    func withOnes() -> CSRMatrix {
        let ones = Buffer<Float>(count: nonZeros)
        ones.fill(1)
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: ones)
    }
}
