/// What validation documents said of a module after its epochs, and what follows from it: which epoch is the best, and whether to stop.
public struct ValidationHistory: Codable, Sendable, Equatable {
    public struct Point: Codable, Sendable, Equatable {
        /// Epochs done, from 1.
        public var epoch: Int
        /// What is decided by, in per cent.
        public var value: Double
        /// `P@1`, … in per cent.
        public var metrics: [String: Double]

        public init(epoch: Int, value: Double, metrics: [String: Double]) {
            (self.epoch, self.value, self.metrics) = (epoch, value, metrics)
        }
    }

    public var module: String
    /// What is decided by: `P@1`.
    public var metric: String
    /// Epochs that the module has, where nothing stops it.
    public var epochs: Int
    public var keepsBest: Bool
    public var patience: Int?
    /// In the order of epochs.
    public var points: [Point] = []

    public init(module: String, metric: String, epochs: Int, keepsBest: Bool = false, patience: Int? = nil) {
        (self.module, self.metric, self.epochs) = (module, metric, epochs)
        (self.keepsBest, self.patience) = (keepsBest, patience)
    }

    enum CodingKeys: String, CodingKey {
        case module, metric, epochs, patience, points
        case keepsBest = "keeps_best"
    }

    /// The point with the largest value; of equal ones, that of the earlier epoch. nil: nothing was measured.
    public var best: Point? {
        points.reduce(nil) { best, point in best.map { point.value > $0.value ? point : $0 } ?? point }
    }

    /// Validations since the best.
    public var sinceBest: Int { best.map { best in points.count { $0.epoch > best.epoch } } ?? 0 }

    /// As many validations as patience allows have brought nothing better.
    public var isExhausted: Bool { patience.map { sinceBest >= $0 } ?? false }

    /// The epoch whose model is the module's; nil: nothing was measured.
    public var keptEpoch: Int? { keepsBest ? best?.epoch : points.last?.epoch }
}

/// The values of a setting that were tried on validation documents, and the one that was taken.
public struct TuningTable: Codable, Sendable, Equatable {
    public struct Row: Codable, Sendable, Equatable {
        public var value: Double
        /// What is decided by, in per cent.
        public var score: Double
        /// `P@1`, … in per cent.
        public var metrics: [String: Double]

        public init(value: Double, score: Double, metrics: [String: Double]) {
            (self.value, self.score, self.metrics) = (value, score, metrics)
        }
    }

    /// `beta`, `propensity_weight`.
    public var setting: String
    /// What is decided by: `P@1`.
    public var metric: String
    /// The config's value.
    public var configured: Double
    public var rows: [Row]

    public init(setting: String, metric: String, configured: Double, rows: [Row]) {
        (self.setting, self.metric, self.configured, self.rows) = (setting, metric, configured, rows)
    }

    /// The value with the largest score; of equal ones the nearest to the config's, then the smaller.
    public var chosen: Double {
        let top = rows.map(\.score).max() ?? 0
        let best = rows.filter { $0.score == top }.map(\.value)
        // 0.3 and 0.5 are equally near to 0.4, but for their last bits.
        func distance(_ value: Double) -> Double { (abs(value - configured) * 1e9).rounded() }
        return best.min { (distance($0), $0) < (distance($1), $1) } ?? configured
    }

    /// The values that are tried: a grid, and the config's own, ascending.
    public static func values(_ grid: [Double], and configured: Double) -> [Double] { Set(grid + [configured]).sorted() }
}

/// What a learner's group decided on validation documents.
public struct LearnerValidation: Codable, Sendable, Equatable {
    public var modules: [ValidationHistory]
    public var tuned: [TuningTable]

    public init(modules: [ValidationHistory] = [], tuned: [TuningTable] = []) { (self.modules, self.tuned) = (modules, tuned) }
}
