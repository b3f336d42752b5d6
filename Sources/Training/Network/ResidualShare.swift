import DeepXMLModel
import Devices
import Support
import Transport

/// How the workers of a group share the residual's work on a batch: rows of it up to ∂h and ∂x̂, then rows of ∂R̄.
final class ResidualShare {
    private enum Way {
        /// Each does all of it, from the whole ∂z: nothing is sent.
        case whole
        /// All write into memory that all read.
        case memory(SharedTensors)
        /// Each has its rows of ∂z alone. ∂h and ∂x̂ go to the owners of their columns, ∂R̄ to all.
        case messages
    }

    private let way: Way
    private let group: WorkerGroup
    private let slices: [Range<Int>]
    /// Where messages are sent: ∂x̂ of this worker's rows; its rows of ∂h and ∂x̂ by workers' columns; this worker's columns of both.
    private let ownRows: Tensor, packed: Tensor, received: Tensor

    /// Collective.
    init(_ residual: Residual?, _ group: WorkerGroup, _ shape: NetworkShape, shared: SharedTensors?) throws {
        self.group = group
        let rows = shape.batchSize
        let dims = residual?.dims ?? 0, device = group.device
        slices = group.slices(dims)
        if let shared {
            way = .memory(shared)
        } else if let residual, group.size > 1, try Self.sends(residual, group, shape) {
            way = .messages
        } else {
            way = .whole
        }
        var isSending = false
        if case .messages = way { isSending = true }
        let height = isSending ? (rows + group.size - 1) / group.size : 0, width = slices[group.rank].count
        ownRows = device.tensor(rows: height, cols: dims)
        packed = device.tensor(rows: 1, cols: 2 * height * dims)
        received = device.tensor(rows: height > 0 ? rows : 0, cols: 2 * width)
    }

    private static func sends(_ residual: Residual, _ group: WorkerGroup, _ shape: NetworkShape) throws -> Bool {
        switch shape.residualWork {
        case .shared: true
        case .whole: false
        case .measured: try pays(residual, group, rows: shape.batchSize)
        }
    }

    /// Beside the products that are shared, a batch takes about a quarter more messages than without: worth it where B×D floats
    /// are made whole in less time than the products take that a worker is spared. By the slowest of the group.
    private static func pays(_ residual: Residual, _ group: WorkerGroup, rows: Int) throws -> Bool {
        let device = group.device, dims = residual.dims
        let x = device.paddedTensor(rows: rows, dims: dims), y = device.paddedTensor(rows: rows, dims: dims)
        var messages = Double.infinity, products = Double.infinity
        for _ in 0..<4 {
            try group.communicator.barrier()
            var time = Stopwatch()
            try group.gather(x, slices: group.slices(rows))
            messages = min(messages, time.seconds)
            time.restart()
            device.multiply(x, transposed: residual.gradient, into: y)
            try device.finish()
            products = min(products, time.seconds)
        }
        let spared = 2 * products * (1 - 1 / Double(group.size))
        return try group.communicator.maximum(1.25 * messages < spared ? 0 : 1) == 0
    }

    var isWhole: Bool { if case .whole = way { true } else { false } }

    var gradientParts: GradientParts {
        switch way {
        case .whole: .whole
        case .memory: .shared
        case .messages: .rows
        }
    }

    /// From ∂h to the whole ∂R̄, ∂b as far as this worker's step on R wants it, and this worker's columns of ∂x̂.
    ///
    /// - Parameters:
    ///   - dz, dh, x: rows×D, padded; of the first two what `gradientParts` says.
    ///   - dx: rows×|columns|, without padding; nil: not wanted.
    /// - Returns: when it has finished, ∂R̄ is whole.
    func backward(
        _ residual: Residual, dz: Tensor, dh: Tensor, x: Tensor, columns: Range<Int>, dx: Tensor?
    ) throws -> Pending {
        let own = slices[group.rank]
        if case .messages = way {
            let (dh, sent) = try exchange(residual, dz: dz, dh: dh, wantsInput: dx != nil)
            if let dx, let sent { group.device.copy(sent, to: dx) }
            residual.weightGradient(dh, x: x, rows: own)
            return try beginGradient(residual)
        }
        if let dx { residual.inputGradient(dz, dh: dh, columns: columns, dx: dx) }
        let rows = isWhole ? 0..<residual.dims : own
        residual.weightGradient(dh.columns(rows), x: x, rows: rows)
        guard case .memory(let shared) = way else { return Pending() }
        return try shared.arrive()
    }

    /// This worker's columns of ∂h and ∂x̂, of all rows.
    private func exchange(_ residual: Residual, dz: Tensor, dh: Tensor, wantsInput: Bool) throws -> (dh: Tensor, dx: Tensor?) {
        let device = group.device, shares = group.slices(dz.rows), own = shares[group.rank], parts = wantsInput ? 2 : 1
        let dx = ownRows.rows(0..<own.count)
        if wantsInput { residual.inputGradient(dz.rows(own), dh: dh.rows(own), columns: 0..<residual.dims, dx: dx) }
        let send = runningRanges(slices.map { parts * own.count * $0.count })
        for (slice, place) in zip(slices, send) {
            let part = packed.matrix(at: place.lowerBound, rows: own.count, cols: parts * slice.count)
            device.copy(dh.rows(own).columns(slice), to: part.columns(0..<slice.count))
            if wantsInput { device.copy(dx.columns(slice), to: part.columns(slice.count..<2 * slice.count)) }
        }
        let width = slices[group.rank].count, whole = received.matrix(at: 0, rows: dz.rows, cols: parts * width)
        try device.withHost(packed, .read) { packed in
            try device.withHost(whole, .write) { whole in
                try group.communicator.alltoall(
                    from: packed, send, into: whole,
                    shares.map { $0.lowerBound * parts * width..<$0.upperBound * parts * width })
            }
        }
        return (whole.columns(0..<width), wantsInput ? whole.columns(width..<2 * width) : nil)
    }

    private func beginGradient(_ residual: Residual) throws -> Pending {
        let device = group.device, whole = residual.gradient.withPadding, ld = whole.stride
        let blocks = slices.map { $0.lowerBound * ld..<$0.upperBound * ld }
        if let gradient = device.hostMemory(of: whole), let bias = device.hostMemory(of: residual.biasGradient) {
            return try group.communicator.beginAllgather([(gradient, blocks), (bias, slices)])
        }
        try device.withHost(whole, .readWrite) { try group.communicator.allgather($0, blocks: blocks) }
        try device.withHost(residual.biasGradient, .readWrite) { try group.communicator.allgather($0, blocks: slices) }
        return Pending()
    }
}
