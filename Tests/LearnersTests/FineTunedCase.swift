import WorkerChecks

extension SmallCase {
    /// A transformer that is trained as pretrained ones are.
    static func fineTuned(_ settings: [String]) -> SmallCase {
        var small = SmallCase(.ova, .transformer)
        small.settings =
            [
                "global.use_reranker=false", "extreme.optim=AdamW", "extreme.weight_decay=0.1", "extreme.layer_decay=0.8",
                "extreme.clip_norm=0.5", "extreme.lr_schedule=linear", "extreme.warmup=0.3", "extreme.epsilon=1e-10",
            ] + settings
        return small
    }
}
