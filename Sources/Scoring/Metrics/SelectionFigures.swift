import Config

extension SelectionMetric {
    /// The metric's figure, in per cent.
    public func value(_ table: MetricTable) -> Double {
        value { name in
            switch name {
            case "P": table.P
            case "nDCG": table.nDCG
            case "PSP": table.PSP
            case "PSnDCG": table.PSnDCG
            default: table.R
            }
        }
    }
}

extension MetricTable {
    /// P, nDCG and PSP at 1, 3 and 5, in per cent, by name: `P@1`.
    public var figures: [String: Double] {
        let families = [("P", P), ("nDCG", nDCG), ("PSP", PSP)]
        let named = families.flatMap { name, values in
            [1, 3, 5].filter { $0 <= values.count }.map { ("\(name)@\($0)", values[$0 - 1]) }
        }
        return Dictionary(uniqueKeysWithValues: named)
    }
}
