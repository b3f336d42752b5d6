import Devices
import Support

/// Lays the parameters of an encoder's layers out one after the other, and says what they start from.
struct ParameterLayout {
    /// What a matrix starts from.
    enum Start: Sendable {
        case zeros, ones
        /// 1 on the diagonal.
        case eye
        /// U(−bound, bound).
        case uniform(bound: Float)
        /// A random vector of length 1.
        case direction
    }

    private(set) var slots: [ParameterSlot] = []
    private var starts: [Start] = []
    private(set) var count = 0
    /// Floats after the parameters' in a gradient, where layers leave statistics.
    private(set) var statistics = 0
    private(set) var dropoutSites = 0
    /// Of the slots that are added: how many of a transformer's layers there are up to them.
    var level = 0

    mutating func add(_ name: String, rows: Int, cols: Int, _ start: Start, isTrained: Bool = true) -> ParameterSlot {
        let slot = ParameterSlot(
            name: name, range: count..<count + rows * cols, rows: rows, cols: cols, isTrained: isTrained,
            level: level)
        slots.append(slot)
        starts.append(start)
        count += rows * cols
        return slot
    }

    /// - Returns: the place of one more float for statistics, counted from the end of the parameters.
    mutating func addStatistic() -> Int {
        statistics += 1
        return statistics - 1
    }

    mutating func addDropout(_ probability: Double) -> DropoutSite {
        dropoutSites += 1
        return DropoutSite(site: dropoutSites, keep: Float(1 - probability))
    }

    /// Writes what all parameters start from, 1×count. Each row draws its own numbers.
    func initialise(_ values: Tensor, _ streams: RandomStreams, on device: any Device) {
        let stream = streams.stream(.layerInit, step: 0)
        var row = 0
        for (slot, start) in zip(slots, starts) {
            let matrix = values.matrix(slot)
            switch start {
            case .zeros: device.fill(matrix, 0)
            case .ones: device.fill(matrix, 1)
            case .eye: device.upload(.identity(rows: slot.rows, cols: slot.cols), to: matrix)
            case .uniform(let bound): device.fillUniform(matrix, stream, firstRow: row, firstColumn: 0, bound: bound)
            case .direction:
                let vector = values.flat(slot.range)
                device.fillUniform(vector, stream, firstRow: row, firstColumn: 0, bound: 1)
                device.normalise(vector)
            }
            row += slot.rows
        }
    }
}

extension Buffer<Float> {
    /// rows×cols floats, 1 on the diagonal.
    static func identity(rows: Int, cols: Int) -> Buffer {
        let matrix = Buffer(count: rows * cols)
        for i in 0..<min(rows, cols) { matrix[i * cols + i] = 1 }
        return matrix
    }
}
