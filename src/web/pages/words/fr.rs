//! French. A space that does not break stands before `:`, `;`, `?` and `!`.

use super::{
    Bank, Cancel, Declined, Ends, Frame, Handover, How, Missing, Notes, Pay, Plan, Progress, Review, Schedule, Sms,
    Waiting, Words,
};
use crate::domain::challenge::ChallengeKind;
use crate::domain::reason::Language;

/// Everything in French.
pub(super) static WORDS: Words = Words {
    language: Language::Fr,
    name: "Français",
    frame: Frame {
        skip: "Aller au contenu",
        languages: "Langue",
        back: "Retour à la boutique",
        may_go_back: "Vous pouvez retourner à la boutique : elle sait où en est votre achat.",
        privacy: "Politique de confidentialité",
        terms: "Conditions",
        help: "Aide",
        reload: "Recharger cette page",
        purchase: |amount, count| match count {
            1 => format!("{amount}, à payer plus tard"),
            _ => format!("{amount} en {count} fois"),
        },
    },
    progress: Progress {
        label: "Avancement",
        step_of: |at, of| format!("Étape {at} sur {of}"),
        done: "terminé",
        chosen: "Votre échéancier",
        check: |kind| match kind {
            ChallengeKind::SmsCode => "Code par SMS",
            ChallengeKind::IdDocument => "Pièce d'identité",
            ChallengeKind::BankHistory => "Compte bancaire",
        },
        answer: "Réponse",
    },
    notes: Notes {
        problem: "Il y a un problème",
        done: "Nous l'avons déjà reçu : rien n'a été fait deux fois. Voici où en est votre achat.",
        moved: "Votre demande a avancé entre-temps. Voici où en est votre achat.",
        soon: "Un code vient d'être envoyé. Attendez l'heure indiquée ci-dessous avant d'en demander un autre.",
        stated: "Merci : nous avons bien reçu votre message.",
    },
    sms: Sms {
        title: "Saisissez le code que nous vous avons envoyé",
        sent: |length, ending| match ending {
            Some(ending) => {
                format!(
                    "Nous avons envoyé un code à {length} chiffres par SMS à votre numéro se terminant par {ending}."
                )
            }
            None => format!("Nous avons envoyé un code à {length} chiffres par SMS à votre numéro de téléphone."),
        },
        why: "Il montre que ce téléphone est bien le vôtre : personne d'autre ne peut acheter en votre nom. C'est gratuit, \
              et votre numéro ne sert à rien d'autre.",
        label: "Code",
        hint: |length| format!("{length} chiffres"),
        tries_left: |left| match left {
            1 => "Il vous reste un essai.".into(),
            _ => format!("Il vous reste {left} essais."),
        },
        valid_until: |until| format!("Vous avez jusqu'à {until}."),
        submit: "Confirmer",
        wrong: "Ce code n'est pas le bon. Regardez le SMS le plus récent et saisissez son code.",
        unknown: "Nous n'avons pas pu vérifier ce code. Saisissez-le à nouveau.",
        bad_format: |length| {
            format!(
                "Saisissez les {length} chiffres du code, par exemple {}.",
                &"4829137056"[..usize::from(length.min(10))]
            )
        },
        no_code: "Pas de code ?",
        sent_again: "Nous avons envoyé un autre code. Le plus récent est le bon.",
        resend: "Envoyer un autre code",
        resend_from: |time| format!("Vous pourrez demander un autre code à partir de {time}."),
        resend_in: "Vous pourrez demander un autre code dans {} s.",
        resend_now: "Il peut mettre une minute à arriver. S'il n'arrive pas, demandez-en un autre.",
        resends_spent: "Aucun autre code ne peut être envoyé. Si rien n'arrive, vous pouvez toujours payer en une fois.",
    },
    document: Handover {
        title: "Présentez votre pièce d'identité",
        why: "Pour cet achat, nous devons être sûrs de votre identité. Cela vous protège aussi : personne ne peut acheter en \
              votre nom.",
        ready_title: "Ce qu'il vous faut",
        ready: &[
            "votre carte d'identité, passeport ou titre de séjour, en cours de validité et en original",
            "l'appareil photo de votre téléphone ou de votre ordinateur",
            "environ deux minutes et un bon éclairage",
        ],
        who: "Un prestataire spécialisé dans la vérification d'identité examine la pièce pour nous.",
        data: "Nous apprenons si la pièce est authentique et si le nom et la date de naissance concordent. Les images sont \
               effacées chez le prestataire dès que la vérification est terminée.",
        go: "Continuer vers la vérification d'identité",
        comes_back: "Ensuite, vous revenez ici automatiquement.",
        until: |until| format!("Vous avez jusqu'à {until}."),
    },
    bank: Bank {
        title: "Pouvons-nous consulter votre compte bancaire, une seule fois ?",
        why: "Pour décider de ce paiement en plusieurs fois, nous avons besoin d'en savoir un peu plus sur vos revenus et vos \
              dépenses. C'est vous qui choisissez.",
        question: "Ce que vous accepteriez",
        agree: "J'accepte",
        refuse: "Je refuse",
        after_refusal: "Si vous refusez, nous ne pouvons pas proposer le paiement en plusieurs fois, mais vous pouvez \
                        toujours payer en une fois.",
        handover: Handover {
            title: "Connectez votre banque",
            why: "Merci. Choisissez maintenant votre banque et identifiez-vous chez elle, comme d'habitude.",
            ready_title: "Ce qu'il vous faut",
            ready: &["vos identifiants de banque en ligne", "environ deux minutes"],
            who: "Un prestataire d'information sur les comptes, agréé, lit votre compte pour nous. Nous ne voyons jamais \
                  votre mot de passe.",
            data: "Vos opérations sont lues une seule fois et effacées aussitôt. Nous conservons des chiffres tels que vos \
                   revenus mensuels.",
            go: "Continuer vers votre banque",
            comes_back: "Ensuite, vous revenez ici automatiquement.",
            until: |until| format!("Vous avez jusqu'à {until}."),
        },
        changed_mind: "Vous avez changé d'avis ?",
        withdraw: "Je n'accepte plus",
    },
    waiting: Waiting {
        sending_code: "Nous vous envoyons un code",
        preparing: "Nous préparons l'étape suivante",
        checking_code: "Nous vérifions votre code",
        looking_at_document: "Votre pièce d'identité est en cours de vérification",
        reading_accounts: "Votre historique bancaire est en cours de lecture",
        by_itself: "Cela prend un instant. La page avance d'elle-même ; vous n'avez rien à faire.",
        may_close: "Vous pouvez aussi fermer cette page et y revenir avec le même lien.",
        lost: "La connexion est perdue. Nous continuons d'essayer ; rien n'est perdu.",
        back: "La connexion est rétablie.",
        news: "Il y a du nouveau.",
    },
    pay: Pay {
        title: "Vous préférez payer en une fois ?",
        text: |amount| {
            format!(
                "Vous pouvez payer le montant entier tout de suite : exactement {amount}, sans frais et sans autre \
                     vérification."
            )
        },
        button: |amount| format!("Payer {amount} en une fois"),
        until: |until| format!("Cette offre est valable jusqu'à {until}."),
        over: "Le délai pour payer ici en une fois est passé. La boutique propose peut-être d'autres moyens de paiement.",
    },
    cancel: Cancel {
        summary: "Annuler",
        text: "Vous pouvez renoncer à ce paiement. Rien n'est débité, et vous pouvez recommencer dans la boutique à tout \
               moment.",
        button: "Annuler ce paiement",
    },
    how: How {
        summary: "Comment ça marche ?",
        schedule: "Votre échéancier",
        if_today: "Si votre demande est acceptée aujourd'hui :",
        steps_title: "Les étapes",
        steps: &[
            "Vous avez choisi dans la boutique de payer en plusieurs fois.",
            "Nous examinons l'achat. Parfois nous demandons une ou deux vérifications courtes, comme celle de cette page.",
            "Vous avez la réponse tout de suite. Si c'est oui, la boutique envoie votre commande et votre carte est débitée \
             aux dates de l'échéancier.",
            "Vous pouvez payer en avance à tout moment et sans frais.",
        ],
        law_title: "Vos droits",
        law: "La première réponse est donnée par un programme informatique. Si c'est non, vous pouvez en connaître les \
              principales raisons, obtenir l'examen par une personne, exprimer votre point de vue et contester la décision \
              (règlement (UE) 2016/679, article 22 ; directive (UE) 2023/2225, article 18). Un crédit vous engage et doit \
              être remboursé. Vérifiez vos capacités de remboursement avant de vous engager. Vos données servent à ce \
              paiement et à la prévention de la fraude, et à rien d'autre.",
    },
    declined: Declined {
        title: "Nous ne pouvons pas vous proposer ce paiement en plusieurs fois",
        lead: "Cela concerne le paiement en plusieurs fois et non votre commande : vous pouvez toujours l'obtenir.",
        reasons: "Pourquoi",
        pay_title: "Payer en une fois",
        review_title: "Demander l'examen par une personne",
        review_text: "Cette réponse a été donnée par un programme informatique. Si vous pensez qu'elle est erronée, une \
                      personne examine à nouveau votre demande. C'est votre droit, c'est gratuit, et cela ne vous sera jamais \
                      reproché.",
        review_until: |until| format!("Vous pouvez le demander jusqu'à {until}."),
        review_over: "Le délai pour demander l'examen par une personne est passé.",
        review_button: "Demander l'examen par une personne",
        next_title: "Et ensuite",
        next: "Si vous ne faites rien, rien n'est débité. À la fin des délais ci-dessus, la boutique est prévenue, et vous \
               pouvez y recommencer à tout moment.",
        next_over: "Rien n'a été débité. Vous pouvez recommencer dans la boutique à tout moment.",
    },
    review: Review {
        title: "Une personne examine votre demande",
        by_policy: "Nous voulons regarder votre demande de plus près. Vous n'avez rien à faire.",
        by_customer: "Vous avez demandé l'examen par une personne. Merci de votre patience.",
        until: |until| format!("Vous aurez la réponse au plus tard à {until} : sur cette page et dans la boutique."),
        view_title: "Exprimez votre point de vue",
        view_label: "Que devrions-nous savoir ?",
        view_hint: |most| {
            format!(
                "Par exemple ce qui a changé pour vous, ou ce que nous avons pu mal comprendre. Au plus {most} \
                     caractères. N'écrivez rien sur votre santé, ni mot de passe."
            )
        },
        view_button: "Envoyer",
        view_given: "Nous avons bien reçu votre message. Vous pouvez le compléter.",
        view_bad: |most| format!("Écrivez quelque chose, au plus {most} caractères."),
    },
    ends: Ends {
        accepted: "Votre paiement en plusieurs fois est accepté",
        accepted_text: |count| match count {
            1 => "Vous payez à la date ci-dessous. La boutique poursuit votre commande.".into(),
            _ => format!("Vous payez en {count} fois, aux dates ci-dessous. La boutique poursuit votre commande."),
        },
        see_plan: "Voir votre échéancier",
        paid: "Vous payez en une fois",
        paid_text: |amount| {
            format!("La boutique prélève maintenant {amount} sur votre carte : une seule fois, sans frais.")
        },
        collected: "Payé",
        collected_text: |amount| format!("{amount} ont été payés. Merci."),
        not_collected: "Le paiement n'a pas abouti",
        not_collected_text: |amount| {
            format!(
                "La boutique n'a pas pu prélever {amount} sur votre carte. Rien n'a été débité. Vous pouvez réessayer."
            )
        },
        cancelled: "Le paiement a été annulé",
        cancelled_by_customer: "Vous l'avez annulé.",
        cancelled_by_merchant: "La boutique l'a annulé.",
        expired: "Le délai pour ce paiement est passé",
        expired_text: "Il n'a pas été terminé à temps.",
        nothing_paid: "Rien n'a été débité. Vous pouvez recommencer dans la boutique à tout moment.",
    },
    schedule: Schedule {
        caption: "Échéancier",
        due: "Date",
        amount: "Montant",
        cost: "dont frais",
        total: "Total",
        no_cost: "Sans frais ni intérêts.",
        costs: |cost| format!("Dont {cost} de frais pour le paiement en plusieurs fois."),
    },
    plan: Plan {
        title: "Vos paiements",
        in_progress: "Tout est en ordre.",
        paid: "Tout est payé. Merci.",
        late: "Un paiement est en retard",
        late_text: "Cela arrive. Payez-le maintenant ou décalez sa date : l'un et l'autre se font en un clic et sont gratuits.",
        late_contact_text: "Merci de le payer maintenant. Si ce n'est pas possible, écrivez-nous : une personne prendra contact \
                            avec vous, et nous trouverons une solution ensemble.",
        default_text: "Ce paiement a plus de 15 jours de retard. Merci de le payer maintenant ou de nous contacter dès \
                       aujourd'hui, pour trouver une solution ensemble avant toute autre suite.",
        left: |amount| format!("Reste à payer : {amount}"),
        next: |amount, date| format!("Prochain paiement : {amount} le {date}"),
        instalments: "Échéances",
        instalment: |number, of| format!("Échéance {number} sur {of}"),
        due: |date| format!("prévue le {date}"),
        moved_from: |date| format!("décalée, initialement le {date}"),
        paid_on: |date| format!("payée le {date}"),
        pending: "à venir",
        collecting: "prélèvement sur votre carte en cours",
        incident: "en retard : le paiement n'a pas abouti",
        claimed: "en grand retard : contactez-nous",
        covered: "rien à payer : elle a été remboursée",
        less_refund: |amount| format!("dont {amount} remboursés"),
        change: "Payer maintenant ou décaler la date",
        pay_now: |amount| format!("Payer {amount} maintenant"),
        pay_all_title: "Tout payer maintenant",
        pay_all_text: "Vous pouvez payer en avance à tout moment. C'est gratuit.",
        pay_all: |amount| format!("Payer {amount} maintenant"),
        move_label: "Nouvelle date",
        move_hint: |days| format!("Une seule fois, de {days} jours au plus, sans frais."),
        move_button: "Décaler la date",
        receipt: |number| format!("Reçu de l'échéance {number} (PDF)"),
        receipt_file: "recu",
        refunds: "Remboursements",
        refunded: |amount| format!("La boutique a remboursé {amount} de votre achat."),
        paid_back: |amount| {
            format!("{amount} sont reversés sur votre carte. Le reste est déduit de ce qui est encore dû.")
        },
        card_title: "Votre carte",
        card_text: "Les prochains paiements peuvent être prélevés sur une autre carte. Vous la saisissez sur une page du service \
                    de paiement.",
        card_button: "Utiliser une autre carte",
        help_title: "Aide",
        help_text: "Quelque chose ne convient pas ? Écrivez-nous avant l'échéance : nous trouverons une solution.",
        failed_first_title: "Le premier paiement n'a pas abouti",
        failed_first_text: |amount| {
            format!(
                "Payez-le maintenant ci-dessous. Ou payez le montant entier en une fois : exactement {amount}, sans frais."
            )
        },
        asked: "Merci. Votre carte est en cours de débit : cette page l'affiche dès que c'est fait.",
        moved: "La date a été décalée.",
    },
    missing: Missing {
        unknown: "Cette page n'existe pas",
        unknown_text: "Son lien est faux ou incomplet. Ouvrez-la à nouveau depuis la boutique, ou depuis le message reçu.",
        gone: "Ce lien a expiré",
        gone_text: "Pour votre sécurité, les liens prennent fin quelque temps après le dernier changement. Si vous avez une \
                    question, adressez-vous à la boutique.",
        later: "Pas maintenant",
        later_text: "Un incident est en cours de résolution. Rien n'est perdu : rechargez la page dans un instant.",
        too_large: "C'était trop long",
        too_large_text: "Ce que vous avez envoyé est plus long que ce que nous pouvons recevoir. Revenez en arrière et \
                         raccourcissez-le.",
    },
};
