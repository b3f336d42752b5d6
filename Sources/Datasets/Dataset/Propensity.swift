import Foundation

/// How likely a relevant label is to be seen in the data (Jain, Prabhu & Varma, KDD 2016).
public enum Propensity {
    /// 1/p_l = 1 + C·(N_l + B)^−A with C = (ln N − 1)(B + 1)^A, one a label.
    ///
    /// - Parameters:
    ///   - labelCounts: N_l, training documents of each label, counted over the whole training file.
    ///   - documents: N, rows of the training file.
    public static func inverse(labelCounts: some Sequence<Int32>, documents: Int, A: Double, B: Double) -> [Double] {
        let C = (log(Double(documents)) - 1) * pow(B + 1, A)
        return labelCounts.map { 1 + C * pow(Double($0) + B, -A) }
    }
}
