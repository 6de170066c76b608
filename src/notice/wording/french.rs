//! French. Ordinary spaces here: [`crate::words::typeset`] makes those unbreakable that must be.

use super::{Said, Wording};

pub(super) const WORDING: Wording = Wording {
    hello: "Bonjour {name},",
    hello_nameless: "Bonjour,",
    confirmation: Said {
        subject: "Votre paiement en plusieurs fois chez {shop}",
        preview: "Tout est prêt : ce que vous payez et quand, en un coup d’œil.",
        title: "Votre échéancier est prêt",
        body: &[
            "Merci pour votre achat de {purchase} chez {shop}. Vous payez {total} en {count} échéances. {cost}",
            "Vous n’avez rien à faire : chaque échéance est prélevée sur votre carte à sa date, et nous vous prévenons avant. \
             Vous pouvez à tout moment consulter votre échéancier, payer en avance ou changer de carte.",
        ],
        button: "Voir mon échéancier",
    },
    confirmation_of_one: Said {
        subject: "Votre paiement différé chez {shop}",
        preview: "Tout est prêt : ce que vous payez et quand, en un coup d’œil.",
        title: "Votre échéancier est prêt",
        body: &[
            "Merci pour votre achat de {purchase} chez {shop}. Vous payez {total} en une fois. {cost}",
            "Vous n’avez rien à faire : le montant est prélevé sur votre carte à sa date, et nous vous prévenons avant. Vous \
             pouvez à tout moment consulter votre échéancier, payer en avance ou changer de carte.",
        ],
        button: "Voir mon échéancier",
    },
    reminder: Said {
        subject: "Une échéance approche chez {shop}",
        preview: "{amount} à payer le {date}.",
        title: "Votre prochaine échéance est le {date}",
        body: &[
            "{amount} seront prélevés sur votre carte pour votre achat chez {shop} : échéance {number} sur {count}. Vous n’avez \
             rien à faire.",
            "Vous préférez une autre carte ? Vous pouvez la changer vous-même sur la page de votre échéancier.",
        ],
        button: "Voir mon échéancier",
    },
    receipt: Said {
        subject: "Paiement reçu : {shop} vous remercie",
        preview: "Nous avons bien reçu {amount}.",
        title: "Votre paiement est arrivé",
        body: &[
            "Merci. Nous avons bien reçu {amount} pour votre achat chez {shop} : échéance {number} sur {count}. Il reste {left} \
             à payer.",
        ],
        button: "Voir mon échéancier",
    },
    closing: Said {
        subject: "Votre achat chez {shop} est entièrement payé",
        preview: "Il ne reste rien à payer. Merci !",
        title: "Tout est payé : merci",
        body: &[
            "Le dernier paiement pour votre achat chez {shop} est arrivé. Vous avez payé {paid} en tout, et il ne reste rien à \
             payer.",
            "Vos reçus restent disponibles sur la page de votre échéancier.",
        ],
        button: "Voir mes reçus",
    },
    failed: Said {
        subject: "Un paiement chez {shop} n’a pas abouti",
        preview: "{amount} n’ont pas pu être prélevés. Voici ce que vous pouvez faire.",
        title: "Un paiement n’a pas abouti",
        body: &[
            "{amount}, à payer le {date} pour votre achat chez {shop}, n’ont pas pu être prélevés : échéance {number} sur \
             {count}. Cela arrive : une carte expire, ou un plafond est atteint.",
            "Vous pouvez payer maintenant sur la page de votre échéancier, ou indiquer une autre carte.",
            "Si payer vous est difficile en ce moment, écrivez-nous : nous chercherons une solution ensemble.",
        ],
        button: "Payer ou modifier mon échéancier",
    },
    moved: Said {
        subject: "Votre échéance chez {shop} a été déplacée",
        preview: "{amount} à payer désormais le {date}.",
        title: "Votre échéance est désormais le {date}",
        body: &[
            "Comme vous l’avez demandé, nous avons déplacé l’échéance {number} sur {count} de votre achat chez {shop}. {amount} \
             étaient à payer le {from} et le sont désormais le {date}. C’est gratuit, et rien d’autre ne change.",
            "Ce n’était pas vous ? Écrivez-nous, s’il vous plaît.",
        ],
        button: "Voir mon échéancier",
    },
    declined: Said {
        subject: "Votre achat chez {shop} : vous pouvez payer en une fois",
        preview: "Le paiement en plusieurs fois n’est pas possible cette fois, mais votre commande peut aboutir.",
        title: "Vous pouvez toujours payer en une fois",
        body: &[
            "Nous ne pouvons pas vous proposer cette fois de payer en plusieurs fois votre achat chez {shop}. Cela ne remet pas \
             en cause votre commande : elle aboutit si vous payez {purchase} en une fois, sans aucuns frais, jusqu’au {until}.",
        ],
        button: "Payer {purchase} en une fois",
    },
    refunded: Said {
        subject: "Un remboursement de {shop}",
        preview: "{shop} vous rembourse {amount}.",
        title: "Un remboursement pour vous",
        body: &["{shop} vous rembourse {amount} de votre achat."],
        button: "Voir mon échéancier",
    },
    movable: "Vous pouvez aussi déplacer cette échéance une fois, de {days} jours au plus, gratuitement.",
    each_movable: "Chaque échéance peut être déplacée une fois, de {days} jours au plus, gratuitement.",
    cost: "Ce montant comprend {fees} de frais et d’intérêts.",
    no_cost: "Sans frais ni intérêts.",
    next_payment: "Prochain paiement : {amount} le {date}.",
    paid_back: "{back} sont reversés sur votre carte. Cela peut prendre quelques jours.",
    taken_off: "{off} sont déduits de ce qu’il vous reste à payer, en commençant par la dernière échéance. Il reste {left} à \
                payer.",
    all_taken_off: "{off} sont déduits de ce qu’il vous restait à payer : il ne reste rien.",
    why: "Pourquoi ?",
    review: "Cette décision a été prise automatiquement. Vous avez le droit de demander qu’une personne la réexamine, de donner \
             votre point de vue et de la contester : écrivez à {email}.",
    schedule: "Votre échéancier",
    number: "N°",
    due: "Date",
    amount: "Montant",
    state: "État",
    to_pay: "à payer",
    paid: "payée",
    late: "en retard",
    covered: "remboursée",
    total: "Total",
    change_card: "Changer de carte",
    move_date: "Déplacer l’échéance",
    receipts: "Télécharger mon reçu (PDF)",
    questions: "Une question ? Écrivez à",
    help_page: "Aide",
    privacy: "Politique de confidentialité",
    terms: "Conditions générales",
    reference: "Commande {reference}",
    because: "Vous recevez ce message en raison de votre achat chez {shop}. Ce n’est pas une publicité.",
    receipt_title: "Reçu",
    merchant: "Boutique",
    of_reference: "Commande",
    instalment: "Échéance",
    of_count: "{number} sur {count}",
    paid_on: "Payée le",
    purchase_part: "Achat",
    refunded_part: "Remboursé",
    fee: "Frais",
    interest: "Intérêts",
    amount_paid: "Montant payé",
    left: "Reste à payer",
    support: "Questions",
};
