/// How a learner is trained (DESIGN.md §1; WSDM 2021, §3).
public enum Framework: String, CaseIterable, Sendable {
    /// Four modules: surrogate task, negatives, extreme classifiers, re-ranker.
    case deepXML = "DeepXML"
    /// One module: encoder and classifiers of all labels together, on all B×L logits.
    case ova = "DeepXML-OVA"
    /// One module: encoder and classifiers together, on label shortlists that follow the encoder.
    case anns = "DeepXML-ANNS"

    /// The sections that its config file must have.
    var sections: [ConfigSection] {
        switch self {
        case .deepXML: [.global, .surrogate, .extreme]
        case .ova, .anns: [.global, .extreme]
        }
    }
}
