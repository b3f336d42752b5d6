import Kernels

extension CPUDevice {
    public func reduce(_ x: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into y: Tensor) {
        precondition(x.cols == y.cols && starts.count == y.rows + 1)
        dx_reduce_tokens(
            x.pointer, x.stride, starts, y.rows, weights?.pointer, isMean ? 1 : 0, x.cols, y.pointer, y.stride)
    }

    public func reduceBackward(_ g: Tensor, starts: [Int64], weights: Tensor?, isMean: Bool, into dx: Tensor) {
        precondition(g.cols == dx.cols && starts.count == g.rows + 1)
        dx_reduce_tokens_backward(
            g.pointer, g.stride, starts, g.rows, weights?.pointer, isMean ? 1 : 0, g.cols, dx.pointer, dx.stride)
    }

    public func windows(_ x: Tensor, starts: [Int64], size: Int, into windows: Tensor) {
        precondition(windows.cols == size * x.cols && windows.isContiguous && windows.rows == x.rows)
        for (from, length) in rows(starts) {
            dx_windows(x.row(from), x.stride, length, x.cols, size, windows.row(from))
        }
    }

    public func windowsBackward(_ g: Tensor, starts: [Int64], size: Int, addedTo dx: Tensor) {
        precondition(g.cols == size * dx.cols && g.isContiguous && g.rows == dx.rows)
        for (from, length) in rows(starts) {
            dx_windows_backward(g.row(from), length, dx.cols, size, dx.row(from), dx.stride)
        }
    }

    public func chunkMax(_ x: Tensor, starts: [Int64], bias: Tensor, chunks: Int, into y: Tensor, places: Tensor) {
        precondition(y.cols == x.cols * chunks && places.cols == y.cols && starts.count == y.rows + 1)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_chunk_max(
                x.row(from), x.stride, length, x.cols, chunks, bias.pointer, y.row(row), places.integers(row))
        }
    }

    public func chunkMaxBackward(_ g: Tensor, starts: [Int64], chunks: Int, places: Tensor, into dx: Tensor) {
        precondition(g.cols == dx.cols * chunks && places.cols == g.cols && starts.count == g.rows + 1)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_chunk_max_backward(g.row(row), places.integers(row), length, dx.cols, chunks, dx.row(from), dx.stride)
        }
    }

    /// Where each row's vectors begin, and how many there are.
    func rows(_ starts: [Int64]) -> some Sequence<(from: Int, length: Int)> {
        zip(starts, starts.dropFirst()).lazy.map { (from: Int($0), length: Int($1 - $0)) }
    }
}

extension Tensor {
    /// A row of a tensor that holds integers of 32 bits.
    func integers(_ row: Int) -> UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(self.row(row)).assumingMemoryBound(to: Int32.self)
    }
}
