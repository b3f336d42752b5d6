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

    mutating func add(_ name: String, rows: Int, cols: Int, _ start: Start, isTrained: Bool = true) -> ParameterSlot {
        let slot = ParameterSlot(
            name: name, range: count..<count + rows * cols, rows: rows, cols: cols, isTrained: isTrained)
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

    /// Writes what all parameters start from. Each row draws its own numbers.
    func initialise(_ values: UnsafeMutablePointer<Float>, _ streams: RandomStreams) {
        var row = 0
        for (slot, start) in zip(slots, starts) {
            let first = values + slot.range.lowerBound
            switch start {
            case .zeros: first.update(repeating: 0, count: slot.range.count)
            case .ones: first.update(repeating: 1, count: slot.range.count)
            case .eye:
                first.update(repeating: 0, count: slot.range.count)
                for i in 0..<min(slot.rows, slot.cols) { first[i * slot.cols + i] = 1 }
            case .uniform(let bound):
                for r in 0..<slot.rows { draw(first + r * slot.cols, slot.cols, row: row + r, bound: bound, streams) }
            case .direction:
                draw(first, slot.range.count, row: row, bound: 1, streams)
                PowerIteration.normalise(first, count: slot.range.count)
            }
            row += slot.rows
        }
    }

    private func draw(_ out: UnsafeMutablePointer<Float>, _ count: Int, row: Int, bound: Float, _ streams: RandomStreams) {
        streams.fillUniform(out, count: count, row: row, firstColumn: 0, bound: bound, purpose: .layerInit)
    }
}
