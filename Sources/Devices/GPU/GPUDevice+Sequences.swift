extension GPUDevice {
    public func reduce(_ x: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into y: Tensor) {
        precondition(x.cols == y.cols && starts.count == y.rows + 1)
        withStarts(starts) { starts in
            run("reduce_vectors", in: .sequences, rows: y.rows, cols: y.cols) {
                x.arguments + [.memory(starts)] + Self.weighing(weights, or: x) + [.int(isMean ? 1 : 0)] + y.arguments
                    + [.long(y.rows), .long(y.cols)]
            }
        }
    }

    public func reduceBackward(_ g: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into dx: Tensor) {
        precondition(g.cols == dx.cols && starts.count == g.rows + 1)
        withStarts(starts) { starts in
            run("reduce_backward", in: .sequences, rows: g.rows, cols: g.cols) {
                g.arguments + [.memory(starts)] + Self.weighing(weights, or: g) + [.int(isMean ? 1 : 0)] + dx.arguments
                    + [.long(g.rows), .long(g.cols)]
            }
        }
    }

    /// - Parameter any: stands where there are no weights, and is not read.
    private static func weighing(_ weights: Tensor?, or any: Tensor) -> [GPUArgument] {
        (weights ?? any).vector + [.int(weights == nil ? 0 : 1)]
    }

    private func withStarts(_ starts: [Int64], _ body: (any GPUMemory) throws -> Void) {
        attempt { try scratch.with(starts, body) }
    }

    /// Of each vector, where its row begins and ends.
    private func withBounds(_ starts: [Int64], _ body: (any GPUMemory) throws -> Void) {
        var bounds: [Int32] = []
        for (from, to) in zip(starts, starts.dropFirst()) {
            for _ in from..<to { bounds += [Int32(from), Int32(to)] }
        }
        if bounds.isEmpty { return }
        attempt { try scratch.with(bounds, body) }
    }

    public func windows(_ x: Tensor, starts: [Int64], size: Int, into windows: Tensor) {
        precondition(windows.cols == size * x.cols && !windows.hasGaps && windows.rows == x.rows)
        let vectors = Int(starts.last ?? 0)
        withBounds(starts) { bounds in
            run("windows", in: .sequences, rows: vectors, cols: windows.cols) {
                x.arguments + [.memory(bounds), .long(size), .long(x.cols)] + windows.vector + [.long(vectors)]
            }
        }
    }

    public func windowsBackward(_ g: Tensor, starts: [Int64], size: Int, addedTo dx: Tensor) {
        precondition(g.cols == size * dx.cols && !g.hasGaps && g.rows == dx.rows)
        let vectors = Int(starts.last ?? 0)
        withBounds(starts) { bounds in
            run("windows_backward", in: .sequences, rows: vectors, cols: dx.cols) {
                g.vector + [.memory(bounds), .long(size), .long(dx.cols)] + dx.arguments + [.long(vectors)]
            }
        }
    }

    public func chunkMax(_ x: Tensor, starts: [Int64], bias: Tensor, chunks: Int, into y: Tensor, places: Tensor) {
        precondition(y.cols == x.cols * chunks && places.cols == y.cols && starts.count == y.rows + 1)
        withStarts(starts) { starts in
            run("chunk_max", in: .sequences, rows: y.rows, cols: y.cols) {
                x.arguments + [.memory(starts)] + bias.vector + [.long(chunks)] + y.arguments + places.arguments
                    + [.long(y.rows), .long(y.cols)]
            }
        }
    }

    public func chunkMaxBackward(_ g: Tensor, starts: [Int64], chunks: Int, places: Tensor, into dx: Tensor) {
        precondition(g.cols == dx.cols * chunks && places.cols == g.cols && starts.count == g.rows + 1)
        withStarts(starts) { starts in
            run("chunk_max_backward", in: .sequences, rows: g.rows, cols: dx.cols) {
                g.arguments + [.memory(starts), .long(chunks)] + places.arguments + dx.arguments + [
                    .long(g.rows), .long(dx.cols),
                ]
            }
        }
    }
}
