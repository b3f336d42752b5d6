extension GPUDevice {
    public func attention(_ projections: Tensor, _ attention: Attention, into y: Tensor) {
        attention.check(projections, y)
        guard attention.fits else {
            return onHost(read: [projections], write: [y]) { $0.attention($1[0], attention, into: $1[1]) }
        }
        withHeads(attention, width: y.cols) { groups, heads in
            run("attention_forward", in: .attention, groups: groups, items: AttentionTiles.items) {
                projections.arguments + y.arguments + heads
            }
        }
    }

    public func attentionBackward(_ g: Tensor, _ attention: Attention, projections: Tensor) {
        attention.check(projections, g)
        guard attention.fits else {
            return onHost(read: [g], write: [projections]) { $0.attentionBackward($1[0], attention, projections: $1[1]) }
        }
        // The weights of some documents at a time, so that they take no more memory than a batch is worth.
        for part in attention.parts(most: AttentionTiles.mostWeights) { backward(g, part.attention, part.squares, projections) }
    }

    private func backward(_ g: Tensor, _ attention: Attention, _ squares: [Int64], _ projections: Tensor) {
        let floats = Int(squares.last ?? 0), bytes = floats * MemoryLayout<Float>.stride
        if floats == 0 { return }
        let copied = projections.rows * projections.cols * MemoryLayout<Float>.stride
        withHeads(attention, width: g.cols) { groups, heads in
            try scratch.with(squares) { squares in
                try scratch.with(bytes: copied) { copy in
                    let own: [GPUArgument] = [.memory(copy), .long(0), .long(projections.cols)]
                    run("copy_matrix", in: .elementwise, rows: projections.rows, cols: projections.cols) {
                        projections.arguments + own + [.long(projections.rows), .long(projections.cols)]
                    }
                    try scratch.with(bytes: bytes) { weights in
                        try scratch.with(bytes: bytes) { gradients in
                            let shared =
                                g.arguments + own + projections.arguments
                                + [.memory(squares), .memory(weights), .memory(gradients)]
                            run("attention_rows", in: .attention, groups: groups, items: AttentionTiles.items) { shared + heads }
                            // starts, dims and width alone.
                            run("attention_columns", in: .attention, groups: groups, items: AttentionTiles.items) {
                                shared + [heads[0], heads[2], heads[3]]
                            }
                        }
                    }
                }
            }
        }
    }

    /// HEADS of the kernels, and the groups of a launch.
    private func withHeads(_ attention: Attention, width: Int, _ body: (GPUExtent, [GPUArgument]) throws -> Void) {
        let longest = zip(attention.starts, attention.starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0
        if longest == 0 { return }
        let dims = width / attention.heads, span = (attention.longest + 127) / 128 * 128
        let keep = attention.dropout.map(\.keep) ?? 1
        let draws: [GPUArgument] =
            keep < 1 ? [.word(UInt32(keep * 65_536)), .float(1 / keep), .int(1)] : [.word(65_536), .float(1), .int(0)]
        let stream = attention.dropout?.stream ?? RandomStream(key0: 0, key1: 0, purpose: 0, step: 0)
        let groups = GPUExtent(
            (longest + AttentionTiles.vectors - 1) / AttentionTiles.vectors, attention.heads, attention.ids.count)
        attempt {
            try scratch.with(attention.starts) { starts in
                try scratch.with(attention.ids) { ids in
                    let sizes: [GPUArgument] = [
                        .long(dims), .long(width), .long(span), .float(1 / Float(dims).squareRoot()),
                    ]
                    try body(groups, [.memory(starts), .memory(ids)] + sizes + stream.arguments + draws)
                }
            }
        }
    }
}

/// As Sources/CGPU/Kernels/attention.cl has them.
private enum AttentionTiles {
    static let vectors = 8
    static let items = GPUExtent(128)
    static let longest = 512
    /// Weights of documents and heads that are in memory at a time.
    static let mostWeights = 64 << 20
}

extension Attention {
    fileprivate var fits: Bool { longest <= AttentionTiles.longest }

    fileprivate func check(_ projections: Tensor, _ y: Tensor) {
        precondition(projections.rows == y.rows && projections.cols == 3 * y.cols && y.cols % heads == 0)
        precondition(Int(starts[ids.count]) <= y.rows)
        precondition(zip(starts, starts.dropFirst()).allSatisfy { Int($1 - $0) <= longest }, "a document that is too long")
    }

    /// Runs of documents whose weights fit, each with where the weights of a document begin, and where they end.
    fileprivate func parts(most: Int) -> [(attention: Attention, squares: [Int64])] {
        var parts: [(Attention, [Int64])] = [], from = 0
        while from < ids.count {
            var squares: [Int64] = [0], to = from
            while to < ids.count {
                let length = starts[to + 1] - starts[to], next = squares[to - from] + Int64(heads) * length * length
                if to > from && next > Int64(most) { break }
                squares.append(next)
                to += 1
            }
            var part = self
            part.starts = Array(starts[from...to])
            part.ids = Array(ids[from..<to])
            parts.append((part, squares))
            from = to
        }
        return parts
    }
}
