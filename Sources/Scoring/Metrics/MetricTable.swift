/// Metrics at 1 … k, in per cent; index 0 is @1.
public struct MetricTable: Codable, Sendable, Equatable {
    /// Precision.
    public var P: [Double]
    public var nDCG: [Double]
    /// Propensity-scored precision (Jain et al., KDD 2016).
    public var PSP: [Double]
    public var PSnDCG: [Double]
    /// Recall.
    public var R: [Double]

    public init(P: [Double], nDCG: [Double], PSP: [Double], PSnDCG: [Double], R: [Double]) {
        self.P = P
        self.nDCG = nDCG
        self.PSP = PSP
        self.PSnDCG = PSnDCG
        self.R = R
    }

    /// Each figure rounded to `digits` decimals, as reports store them.
    public func rounded(digits: Int = 4) -> MetricTable {
        func short(_ values: [Double]) -> [Double] { values.map { $0.rounded(digits: digits) } }
        return MetricTable(P: short(P), nDCG: short(nDCG), PSP: short(PSP), PSnDCG: short(PSnDCG), R: short(R))
    }
}

extension Double {
    /// Rounded half away from zero to so many decimals.
    package func rounded(digits: Int) -> Double {
        let scale = (0..<digits).reduce(1.0) { power, _ in power * 10 }
        return (self * scale).rounded() / scale
    }
}
