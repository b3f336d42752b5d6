import Support

extension GPUDevice {
    public func gatherRows(_ x: Tensor, _ rows: [Int32], into y: Tensor) {
        precondition(rows.count == y.rows && x.cols == y.cols)
        byNumber("gather_rows", x, rows, y, rows: y.rows)
    }

    public func scatterRows(_ x: Tensor, _ rows: [Int32], into y: Tensor) {
        precondition(rows.count == x.rows && x.cols == y.cols)
        byNumber("scatter_rows", x, rows, y, rows: x.rows)
    }

    public func addRows(of table: Tensor, _ rows: [Int32], to x: Tensor) {
        precondition(rows.count == x.rows && table.cols == x.cols)
        byNumber("add_table_rows", table, rows, x, rows: x.rows)
    }

    private func byNumber(_ kernel: String, _ x: Tensor, _ numbers: [Int32], _ y: Tensor, rows: Int) {
        if rows == 0 { return }
        attempt {
            try scratch.with(numbers) { numbers in
                run(kernel, in: .rows, rows: rows, cols: x.cols) {
                    x.arguments + [.memory(numbers)] + y.arguments + [.long(rows), .long(x.cols)]
                }
            }
        }
    }

    public func sumRows(_ g: Tensor, into table: Tensor, _ rows: [Int32]) {
        precondition(rows.count == g.rows && table.cols == g.cols)
        add(g, from: (0..<Int32(rows.count)).map { $0 }, to: rows, of: table, adds: true)
    }

    public func addRows(_ pairs: [RowPair], of x: Tensor, to sums: Tensor) {
        precondition(x.cols == sums.cols)
        add(x, from: pairs.map(\.from), to: pairs.map(\.to), of: sums, adds: true)
    }

    public func copyRows(_ pairs: [RowPair], of x: Tensor, to target: Tensor) {
        precondition(x.cols == target.cols)
        add(x, from: pairs.map(\.from), to: pairs.map(\.to), of: target, adds: false)
    }

    private func add(_ x: Tensor, from: [Int32], to: [Int32], of y: Tensor, adds: Bool) {
        if from.isEmpty { return }
        attempt {
            try scratch.with(from) { from in
                try scratch.with(to) { target in
                    run("add_pairs", in: .rows, rows: 1, cols: x.cols) {
                        x.arguments + [.memory(from), .memory(target)] + y.arguments
                            + [.long(to.count), .long(x.cols), .int(adds ? 1 : 0)]
                    }
                }
            }
        }
    }

    public func sumRows(of table: Tensor, _ bags: CSRMatrix, _ docs: [Int32], into y: Tensor) {
        precondition(y.rows == docs.count && y.cols == table.cols && bags.values != nil)
        withDocuments(bags, docs) { bags, values, docs in
            run("bag_sums", in: .rows, rows: y.rows, cols: y.cols) {
                table.arguments + [.memory(bags.starts), .memory(bags.indices), .memory(values), .memory(docs)] + y.arguments
                    + [.long(y.rows), .long(y.cols)]
            }
        }
    }

    public func copyRows(of matrix: CSRMatrix, _ docs: [Int32], into y: Tensor) {
        precondition(matrix.cols == y.cols && docs.count == y.rows)
        precondition(docs.allSatisfy { matrix.range(Int($0)).count == y.cols }, "a row that does not store all of its entries")
        withDocuments(matrix, docs) { matrix, values, docs in
            run("copy_document_rows", in: .rows, rows: y.rows, cols: y.cols) {
                [.memory(matrix.starts), .memory(values), .memory(docs)] + y.arguments + [.long(y.rows), .long(y.cols)]
            }
        }
    }

    private func withDocuments(
        _ matrix: CSRMatrix, _ docs: [Int32], _ body: (DeviceMatrix, any GPUMemory, any GPUMemory) throws -> Void
    ) {
        if docs.isEmpty { return }
        attempt {
            let matrix = try matrices.copy(of: matrix)
            guard let values = matrix.values else { preconditionFailure("a matrix without values") }
            try scratch.with(docs) { try body(matrix, values, $0) }
        }
    }

    public func updateRows(
        of parameter: Parameter, _ bags: CSRMatrix, _ docs: [Int32], gradient: Tensor, _ step: OptimiserStep
    ) {
        precondition(!gradient.hasGaps && gradient.rows == docs.count && gradient.cols == parameter.cols)
        // The distinct tokens of a batch and their entries, in the order of the CPU's step.
        let groups = host.tokenGroups(bags, docs, vocabulary: parameter.rows)
        if groups.count == 0 { return }
        attempt {
            try scratch.with(groups.tokens, count: groups.count) { tokens in
                try scratch.with(groups.starts, count: groups.count + 1) { starts in
                    try scratch.with(groups.rows, count: groups.entries) { rows in
                        try scratch.with(groups.weights, count: groups.entries) { weights in
                            run("embedding_step", in: .rows, rows: groups.count, cols: parameter.cols) {
                                [.memory(tokens), .memory(starts), .memory(rows), .memory(weights)] + gradient.arguments
                                    + parameter.arguments(from: 0) + [.long(groups.count), .long(parameter.cols)]
                                    + step.arguments
                            }
                        }
                    }
                }
            }
        }
    }

    public func fillUniform(_ x: Tensor, _ stream: RandomStream, firstRow: Int, firstColumn: Int, bound: Float) {
        run("fill_uniform", in: .rows, rows: x.rows, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + stream.arguments
                + [.long(firstRow), .long(firstColumn), .float(bound)]
        }
    }
}
