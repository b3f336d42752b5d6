import Synchronization
import Testing
import Transport
import WorkerChecks

/// Settings that change what a module computes or keeps: the same bits for any number of workers and threads, and after
/// stops.
@Suite struct SettingTests {
    private static let plainDigests = Mutex<[String: String]>([:])

    /// The digest of the same framework and encoder without the settings.
    private static func plain(_ small: SmallCase) throws -> String {
        let plain = SmallCase(small.framework, small.arch)
        if let known = plainDigests.withLock({ $0[plain.description] }) { return known }
        let digest = try LearnerComparison(plain).expected.digest
        plainDigests.withLock { $0[plain.description] = digest }
        return digest
    }

    @Test(arguments: [
        SmallCase(.anns, .astec, "extreme.update_shortlist=false"),
        SmallCase(.anns, .astec, "extreme.use_intermediate_for_shorty=false"),
        SmallCase(.anns, .astec, "extreme.freeze_intermediate=true"),
        SmallCase(.anns, .lstm, "extreme.freeze_intermediate=true", "extreme.use_intermediate_for_shorty=false"),
        SmallCase(.anns, .gru, "global.use_reranker=false"),
        SmallCase(.deepXML, .astec, "extreme.freeze_intermediate=false"),
        SmallCase(.deepXML, .gru, "extreme.freeze_intermediate=false"),
        SmallCase(.deepXML, .rnn, "extreme.use_intermediate_for_shorty=false"),
        SmallCase(.deepXML, .identity, "extreme.use_intermediate_for_shorty=false"),
        SmallCase(.deepXML, .astec, "extreme.pad_shortlists=false", "extreme.keep_invalid=true"),
    ]) func searches(_ small: SmallCase) throws { try check(small) }

    @Test(arguments: [
        SmallCase(.deepXML, .astec, "extreme.ns_method=kcentroid"),
        SmallCase(.deepXML, .astec, "extreme.ns_method=ns"),
        SmallCase(.anns, .astec, "extreme.ns_method=ns"),
        SmallCase(.anns, .astec, "extreme.model_method=ns", "extreme.ns_method=kcentroid"),
        SmallCase(.deepXML, .astec, "extreme.shortlist_method=static"),
        SmallCase(.anns, .astec, "extreme.shortlist_method=dynamic"),
    ]) func negatives(_ small: SmallCase) throws { try check(small) }

    @Test(arguments: [
        SmallCase(.deepXML, .astec, "global.surrogate_method=0"),
        SmallCase(.deepXML, .astec, "global.surrogate_method=2", "global.surrogate_threshold=4"),
        SmallCase(.deepXML, .astec, "global.surrogate_method=3", "global.surrogate_threshold=70"),
        SmallCase(.deepXML, .xmlcnn, "global.surrogate_method=3", "global.surrogate_threshold=70"),
    ]) func surrogates(_ small: SmallCase) throws { try check(small) }

    @Test(arguments: [
        SmallCase(.deepXML, .lstm, "all.optim=SGD", "global.momentum=0.9", "global.weight_decay=0.001"),
        SmallCase(.ova, .astec, "all.optim=SGD", "global.momentum=0.9"),
        SmallCase(.anns, .astec, "all.optim=SGD", "global.momentum=0.5", "global.weight_decay=0.01"),
        SmallCase(.ova, .xmlcnn, "global.weight_decay=0.001", "global.loss=hinge"),
        SmallCase(.deepXML, .astec, "global.loss=squared hinge"),
        SmallCase(.anns, .astec, "global.loss=hinge"),
        SmallCase(.ova, .astec, "extreme.precision=bfloat16"),
        SmallCase(.deepXML, .rnn, "surrogate.precision=bfloat16"),
        SmallCase(.ova, .astec, "extreme.num_clf_partitions=2"),
        SmallCase(.anns, .astec, "extreme.num_clf_partitions=2"),
    ]) func optimisersAndLosses(_ small: SmallCase) throws { try check(small) }

    @Test(arguments: [
        SmallCase(.ova, .astec, "extreme.bias_init=prior"),
        SmallCase(.deepXML, .gru, "surrogate.bias_init=prior"),
        SmallCase(.ova, .xmlcnn, "extreme.propensity_weight=1.5"),
        SmallCase(.anns, .astec, "extreme.propensity_weight=0.5"),
        SmallCase(.ova, .astec, "all.lr_schedule=linear"),
        SmallCase(.deepXML, .lstm, "all.lr_schedule=linear"),
        SmallCase(.ova, .astec, "all.encoder_rate=0.5"),
        SmallCase(.anns, .gru, "all.encoder_rate=2"),
    ]) func ratesAndBiases(_ small: SmallCase) throws { try check(small) }

    /// Where the encoder is fixed, its rate is without effect: the classifiers have their own.
    @Test func encoderRateIsTheEncodersAlone() throws {
        var fixed = SmallCase(.anns, .gru, "global.use_reranker=false", "extreme.freeze_intermediate=true")
        let digest = try LearnerComparison(fixed).expected.digest
        fixed.settings.append("extreme.encoder_rate=0.5")
        #expect(try LearnerComparison(fixed).expected.digest == digest)
    }

    private func check(_ small: SmallCase) throws {
        let learner = try LearnerComparison(small)
        if !small.settings.contains("extreme.num_clf_partitions=2") {
            #expect(try Self.plain(small) != learner.expected.digest, "the settings change nothing")
        }
        try learner.hasTheSameBits(workers: 3, threads: 2)
        try learner.endsInSpite(
            of: .look(4), workers: [2, 4, 1], stops: small.settings.contains("global.use_reranker=false") ? 1 : 2)
    }

    /// The lists are searched before epochs 0, 2 and 4: stops lie within an epoch, between two of one period, and between
    /// periods. Nine looks in the module, two after it, three of the re-ranker's.
    @Test(arguments: [SampleArch.astec, .gru]) func periodicShortlists(_ arch: SampleArch) throws {
        let learner = try LearnerComparison(SmallCase(.anns, arch, "extreme.num_epochs=5", "extreme.retrain_hnsw_after=2"))
        for look in 1...14 { try learner.goesOn(after: .look(look), workers: 1 + look % 2 * 2, others: 1 + look / 2 % 3) }
        try learner.endsInSpite(of: .look(4), workers: [3, 1, 2], stops: 4)
        try learner.hasTheSameBits(workers: 4, threads: 2)
    }

    /// Modules may start from different files of token embeddings.
    @Test func embeddingsOfTheReranker() throws {
        let names = SampleData.tokenEmbeddings
        let same = SmallCase(
            .deepXML, .astec, "surrogate.init=token_embeddings", "reranker.init=token_embeddings",
            "surrogate.embeddings=\(names[0])", "reranker.embeddings=\(names[0])")
        var other = same
        other.settings[3] = "reranker.embeddings=\(names[1])"
        let a = try LearnerComparison(same), b = try LearnerComparison(other)
        #expect(a.expected.arrays["extreme.classifier.weight"] == b.expected.arrays["extreme.classifier.weight"])
        #expect(a.expected.arrays["reranker.encoder"] != b.expected.arrays["reranker.encoder"])
        try b.endsInSpite(of: .look(4), workers: [3, 1, 2], stops: 2)
    }

    /// One search's lists are not those of a search every two epochs.
    @Test func periodMatters() throws {
        func lists(_ settings: String...) throws -> [UInt32]? {
            var small = SmallCase(.anns, .astec, "extreme.num_epochs=5")
            small.settings += settings
            return try LearnerComparison(small).expected.arrays["extreme.classifier.weight"]
        }
        let periodic = try lists("extreme.retrain_hnsw_after=2"), fixed = try lists("extreme.retrain_hnsw_after=6")
        #expect(periodic != fixed)
        #expect(try lists("extreme.retrain_hnsw_after=2", "extreme.update_shortlist=false") == fixed)
    }

    /// A label of more documents than the limit (7,500) has several vectors in the search.
    @Test func severalCentroids() throws {
        var several = SmallCase(.anns, .astec, "extreme.num_centroids=3", "extreme.num_epochs=1", "global.use_reranker=false")
        several.data = SampleData(documents: 7600, testDocuments: 40, tokens: 200, labels: 200)
        several.data.hasCommonLabel = true
        several.settings += ["extreme.batch_size=255", "global.embedding_dims=4"]
        let learner = try LearnerComparison(several)
        try learner.hasTheSameBits(workers: 3, threads: 2)
        var one = several
        one.settings[0] = "extreme.num_centroids=1"
        #expect(
            try LearnerComparison(one).expected.arrays["final-shortlist.test.ids"]
                != learner.expected.arrays["final-shortlist.test.ids"])
    }
}
