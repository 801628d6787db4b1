# Ce spune difuzorul în română. Propoziții scurte.

-phrase = comandă acum

and = { $first } și { $second }
item = { PLURAL($qty) ->
    [one] un pachet de { $product }
    [few] { $qty } pachete de { $product }
   *[other] { $qty } de pachete de { $product }
}
item-digits = { $digits }, { item }
cents-EUR = { PLURAL($minor) ->
    [one] un cent
    [few] { $minor } cenți
   *[other] { $minor } de cenți
}
cents-RON = { PLURAL($minor) ->
    [one] un ban
    [few] { $minor } bani
   *[other] { $minor } de bani
}
money-EUR = { $form ->
    [cents] { cents-EUR }
    [whole] { PLURAL($major) ->
        [one] un euro
        [few] { $major } euro
       *[other] { $major } de euro
    }
   *[both] { PLURAL($major) ->
        [one] un euro și { cents-EUR }
        [few] { $major } euro și { cents-EUR }
       *[other] { $major } de euro și { cents-EUR }
    }
}
money-RON = { $form ->
    [cents] { cents-RON }
    [whole] { PLURAL($major) ->
        [one] un leu
        [few] { $major } lei
       *[other] { $major } de lei
    }
   *[both] { PLURAL($major) ->
        [one] un leu și { cents-RON }
        [few] { $major } lei și { cents-RON }
       *[other] { $major } de lei și { cents-RON }
    }
}
money-USD = { $form ->
    [cents] { cents-EUR }
    [whole] { PLURAL($major) ->
        [one] un dolar
        [few] { $major } dolari
       *[other] { $major } de dolari
    }
   *[both] { PLURAL($major) ->
        [one] un dolar și { cents-EUR }
        [few] { $major } dolari și { cents-EUR }
       *[other] { $major } de dolari și { cents-EUR }
    }
}
pence = { PLURAL($minor) ->
    [one] un penny
    [few] { $minor } pence
   *[other] { $minor } de pence
}
money-GBP = { $form ->
    [cents] { pence }
    [whole] { PLURAL($major) ->
        [one] o liră
        [few] { $major } lire
       *[other] { $major } de lire
    }
   *[both] { PLURAL($major) ->
        [one] o liră și { pence }
        [few] { $major } lire și { pence }
       *[other] { $major } de lire și { pence }
    }
}
money-other = { $amount } { $currency }
minutes = { PLURAL($minutes) ->
    [one] un minut
    [few] { $minutes } minute
   *[other] { $minutes } de minute
}

day-today = azi
day-tomorrow = mâine
day-yesterday = ieri
day-near = { $weekday }
day-far = pe { $day } { $month }
days-by = până { $day }
day-bare-near = { $weekday }
day-bare-far = { $day } { $month }
moment = { $day } la { $time }
time = { $minute ->
    [0] ora { $hour }
   *[other] ora { $hour } și { $minute }
}
half-am = dimineața
half-pm = după-amiaza
weekday-0 = luni
weekday-1 = marți
weekday-2 = miercuri
weekday-3 = joi
weekday-4 = vineri
weekday-5 = sâmbătă
weekday-6 = duminică
month-1 = ianuarie
month-2 = februarie
month-3 = martie
month-4 = aprilie
month-5 = mai
month-6 = iunie
month-7 = iulie
month-8 = august
month-9 = septembrie
month-10 = octombrie
month-11 = noiembrie
month-12 = decembrie

read-back = { $items }, { $total } în total, livrare { $days }.
ask-phrase = Pentru comandă cu plată, spune: { -phrase }.
ask-challenge = Pentru comandă cu plată, spune: { -phrase }, { $first }, { $second }.
ask-adult = Pentru comandă cu plată, spune: { -phrase }. Apoi un adult trebuie să țină apăsat butonul.
say-phrase = Asta nu ajunge.
say-phrase-unclear = Scuze, nu am înțeles.
held = Am notat: { $items }. Păstrez comanda { $minutes }. Spune anulează asta ca să renunți.
awaiting-adult = Am notat: { $items }. Un adult trebuie să țină apăsat butonul două secunde, în { $minutes }.
resumed = Am fost repornit. Mai păstrez { $items }, încă { $minutes }. Spune anulează asta ca să renunți.
nothing-to-approve = Nimic nu așteaptă aprobare.
pin-wrong = { PLURAL($left) ->
    [one] Acesta nu este PIN-ul. Mai ai o încercare.
    [few] Acesta nu este PIN-ul. Mai ai { $left } încercări.
   *[other] Acesta nu este PIN-ul. Mai ai { $left } de încercări.
}
pin-locked = Au fost prea multe PIN-uri greșite. Nu se acceptă niciun PIN timp de { $minutes }; butonul aprobă în continuare.
booked = E comandat: { $items }, livrare cel târziu { $day }.
booked-no-day = E comandat: { $items }.
rejected = Magazinul nu a acceptat comanda de { $items }. { $why }
held-by-shop = Magazinul reține comanda de { $items } și încă nu a acceptat-o.
held-by-shop-burst = Multe familii au cerut { $items } în câteva minute, poate din cauza unei emisiuni. Magazinul păstrează comanda până o aprobă un adult.
payment-asked = Încă nu e comandat: { $items }. Te rog, confirmă { $total } în aplicația băncii tale. Magazinul așteaptă până { $moment }.
payment-asked-no-time = Încă nu e comandat: { $items }. Te rog, confirmă { $total } în aplicația băncii tale.
not-paid = Plata pentru { $items } nu a fost confirmată la timp. Nu s-a comandat nimic.
paid-account = Se trece în contul tău.
paid-invoice = Plătești cu factură.
paid-token = Plătești cu { $label }.
paid-token-plain = Plătești cu ce are magazinul păstrat pentru tine.
card-number = A sunat ca numărul unui card. Nu primesc așa ceva și nu am transmis nimic. Nu s-a comandat nimic.
coupon-taken = Cu cuponul costă cu { $amount } mai puțin.
coupon-normal-price = Vrei la prețul normal?
coupon-alone = Spune cuponul împreună cu ce îți trebuie, sau după ce ți-am citit prețul.
coupon-unknown = Magazinul nu cunoaște acest cupon.
coupon-expired = Cuponul a expirat.
coupon-used = Ai folosit deja acest cupon.
coupon-used-up = Acest cupon s-a epuizat.
coupon-minimum = Cuponul e valabil la cumpărături de cel puțin { $minimum }.
coupon-products = Cuponul nu e valabil pentru asta.
coupon-none = Magazinul nu are acum niciun cupon pentru tine.
coupon-never = Magazinul acesta nu primește cupoane.
coupon-refused = Magazinul nu primește cuponul.
approval-sent = Am anunțat magazinul că un adult a aprobat { $items }. Îți spun când e comandat.
choose = Care dintre ele: { $first } sau { $second }?
how-many = Ai spus { $first } sau { $second }?
which-product = Ce produs? Nu am înțeles.

nothing-ordered = Bine, nu s-a comandat nimic.
cancelled = Anulat: { $items }. Nu se comandă nimic.
cancel-asked = Comanda de { $items } era deja trimisă. Am cerut magazinului să o anuleze, iar magazinul decide.
cancel-refused = E prea târziu ca să anulez { $items }. Magazinul continuă comanda.
cancel-asked-there = S-a comandat la difuzorul { $speaker }. I-am cerut să anuleze { $items }.
cancelled-there = Difuzorul { $speaker } a anulat { $items }. Nu se comandă nimic.
cancel-passed-on = Comanda de { $items } era deja trimisă. Difuzorul { $speaker } a cerut magazinului să o anuleze, iar magazinul decide.
cancel-refused-there = E prea târziu ca să se anuleze { $items }, spune difuzorul { $speaker }.
speaker-silent = Difuzorul { $speaker } nu răspunde, așa că rămâne comanda de { $items }. Spune anulează asta acolo sau mai cere-mi o dată, puțin mai târziu.
nothing-to-cancel = Nu e nicio comandă la care să pot renunța.

# Retragerea dintr-o cumpărare
ask-return = Ai comandat { $items } { $day }, { $total } în total. Returnez comanda? Spune da sau nu.
ask-return-all = Ai comandat { $items } { $day }, { $total } în total. Comanda se returnează întreagă. O returnez? Spune da sau nu.
ask-return-no-day = Ai comandat { $items }, { $total } în total. Returnez toată comanda? Spune da sau nu.
not-returned = Bine, nu se returnează nimic. Păstrezi { $items }.
not-returned-unclear = Nu am auzit un da clar, așa că nu se returnează nimic. Păstrezi { $items }.
nothing-to-return = Nu știu de nicio comandă care să poată fi returnată.
withdrawal-sent = Îi spun magazinului că returnezi { $items }. Te anunț când confirmă.
withdrawal-stands = Am spus deja magazinului că returnezi { $items }. Dacă totuși păstrezi comanda, te rog, sună la magazin.
withdrawn = Magazinul a primit anunțul tău de retur pentru { $items }, { $moment }.
withdrawn-no-time = Magazinul a primit anunțul tău de retur pentru { $items }.
withdrawal-too-late = E prea târziu ca să returnezi { $items }. Termenul s-a încheiat { $day }.
withdrawal-too-late-no-day = E prea târziu ca să returnezi { $items }.
withdrawal-not-returnable = Magazinul acesta nu primește înapoi produsul: { $items }.
withdrawal-refused = Magazinul nu primește înapoi: { $items }. { $why }
refunded = Magazinul spune că a dat banii înapoi pentru { $items }.

not-understood = Scuze, nu am înțeles. Te rog, mai spune o dată.
given-up = Tot nu am înțeles, așa că nu s-a comandat nimic.
timed-out = Nu am auzit niciun răspuns, așa că nu s-a comandat nimic.
nothing-to-confirm = Nu e nimic de confirmat. Spune-mi întâi ce îți trebuie.
busy = O clipă, e în curs altă conversație.
expired = Comanda de { $items } nu a ajuns la timp la magazin. Nu s-a comandat nimic.
not-approved = Nimeni nu a aprobat la timp { $items }. Nu s-a comandat nimic.
lost = Magazinul nu a răspuns despre { $items }. Întreb în continuare și te anunț.
store-failed = Nu am putut să notez, așa că nu s-a comandat nimic. Te rog, verifică discul aparatului.
store-trouble = Nu pot să notez o schimbare a comenzii de { $items }. Încerc în continuare. Te rog, verifică discul aparatului.
shop-silent = Magazinul nu răspunde. Nu s-a comandat nimic. Să pun { $items } pe listă?
not-sold = { $why } Nu s-a comandat nimic. Să pun { $items } pe listă?
code-unknown_product = Magazinul nu cunoaște acest produs.
code-out_of_stock = Nu mai e în stoc.
code-price_changed = Prețul s-a schimbat.
code-expired = A ajuns prea târziu.
code-too_late = A ajuns prea târziu.
code-not_returnable = Magazinul nu îl primește înapoi.
code-not_in_part = Magazinul primește înapoi doar comanda întreagă.
code-payment_refused = Plata a fost refuzată.
code-payment_changed = Modul de plată s-a schimbat; te rog, comandă din nou.
code-coupon_used = Cuponul a fost folosit deja.
code-card_number = Conținea numărul unui card, iar magazinul nu primește așa ceva.
code-unknown_order = Magazinul nu cunoaște această comandă.
code-other = Magazinul spune: { $code }.
code-none = Magazinul nu a dat niciun motiv.
distrusted = Am ignorat un mesaj care pretinde că vine de la magazinul { $shop } și care nu a putut fi verificat.

listed = Am pus { $items } pe listă.
every-days = { PLURAL($days) ->
    [one] în fiecare zi
    [few] cam la { $days } zile
   *[other] cam la { $days } de zile
}
every-weeks = { PLURAL($weeks) ->
    [one] cam în fiecare săptămână
    [few] cam la { $weeks } săptămâni
   *[other] cam la { $weeks } de săptămâni
}
suggest = { PLURAL($days) ->
    [one] Cumperi { $product } { $every }, ultima oară acum o zi. Dacă se termină, spune-mi.
    [few] Cumperi { $product } { $every }, ultima oară acum { $days } zile. Dacă se termină, spune-mi.
   *[other] Cumperi { $product } { $every }, ultima oară acum { $days } de zile. Dacă se termină, spune-mi.
}
help = Spune-mi ce s-a terminat. Îți citesc produsul și prețul, iar tu confirmi. Poți spune și anulează asta, unde e comanda mea, sau de ce.
because-none = Nicio protecție nu a avut obiecții.
no-orders = Nu știu de nicio astfel de comandă.
order-status = { $items }: { $state }.
order-status-day = { $items }: { $state }, livrare cel târziu { $day }.
status-there = La difuzorul { $speaker }: { $status }
history = Ultima dată s-a comandat: { $item }, { $moment }.
history-more = { PLURAL($more) ->
    [one] Ultima dată s-a comandat: { $item } și încă un produs, { $moment }.
    [few] Ultima dată s-a comandat: { $item } și încă { $more } produse, { $moment }.
   *[other] Ultima dată s-a comandat: { $item } și încă { $more } de produse, { $moment }.
}
bought-shop = Din evidența magazinului, ultima dată s-a comandat: { $orders }.
bought-here = Magazinul nu răspunde. Din câte știu eu, ultima dată s-a comandat: { $orders }.
bought-none-shop = Magazinul nu are nicio comandă din această casă.
bought-none-here = Magazinul nu răspunde, iar eu nu știu de nicio comandă.
bought-one = { $item }, { $moment }
bought-one-more = { PLURAL($more) ->
    [one] { $item } și încă un produs, { $moment }
    [few] { $item } și încă { $more } produse, { $moment }
   *[other] { $item } și încă { $more } de produse, { $moment }
}
price = { $product }: { $amount } pachetul. Nu s-a comandat nimic.
state-awaiting_adult = așteaptă aprobarea unui adult
state-held = păstrată, încă netrimisă
state-sending = pe drum spre magazin
state-held_at_shop = încă necomandat, magazinul așteaptă aprobarea unui adult
state-awaiting_payment = încă necomandat, așteaptă confirmarea plății în aplicația băncii tale
state-approving = aprobată, așteaptă răspunsul magazinului
state-accepted = acceptată de magazin
state-shipped = expediată
state-delivered = livrată
state-rejected = neacceptată de magazin
state-cancelling = s-a cerut magazinului să o anuleze
state-cancelled = anulată
state-expired = expirată, nu s-a comandat nimic
state-withdrawing = se returnează, magazinul încă nu a confirmat
state-withdrawn = returul e înregistrat de magazin
state-refunded = rambursată
state-unknown = trimisă, dar magazinul nu a răspuns

reason-reported_speech = Am auzit pe cineva povestind despre o comandă: { $words }. Nu s-a comandat nimic.
reason-negated = Am auzit că nu e nevoie, așa că nu s-a comandat nimic.
reason-question = A părut o întrebare, așa că nu s-a comandat nimic.
reason-conditional = A părut o condiție, așa că nu s-a comandat nimic.
reason-unexplained = Nu a părut o comandă: { $words }. Nu s-a comandat nimic.
reason-no_pause = Nu a fost nicio pauză după numele meu, ca la televizor.
reason-far_away = Vocea abia se distingea de zgomot.
reason-random_words = Aici fiecare comandă prin voce are nevoie de două cuvinte la întâmplare.
reason-many_homes = Multe familii au cerut asta în ultimele minute, poate din cauza unei emisiuni, așa că trebuie să aprobe un adult.
reason-registered_playback = E sunetul unui program înregistrat: { $name }. Nu s-a comandat nimic.
reason-replay = Am mai auzit exact această înregistrare. Nu s-a comandat nimic.
reason-own_voice = Mi-am auzit propria voce.
reason-children_up = Cât timp copiii sunt treji, trebuie să aprobe un adult.
reason-unknown_voice = Nu cunosc vocea aceasta.
reason-text_orders_off = Comenzile prin text sunt oprite aici. Nu s-a comandat nimic.
reason-open_channel = Asta s-a scris unde poate scrie oricine: un adult trebuie să aprobe la dispozitiv.
reason-first_purchase = Prima cumpărare de { $product }: trebuie să aprobe un adult.
reason-large_quantity = { PLURAL($qty) ->
    [one] Un pachet e mai mult ca de obicei; de obicei sunt { $usual }.
    [few] { $qty } pachete sunt mai mult ca de obicei; de obicei sunt { $usual }.
   *[other] { $qty } de pachete sunt mai mult ca de obicei; de obicei sunt { $usual }.
}
reason-unsure_quantity = Nu am fost sigur dacă a fost { $qty } sau { $other }.
reason-easily_misheard = Numărul { $qty } se confundă ușor.
reason-above_product_limit = { PLURAL($max) ->
    [one] Magazinul vinde cel mult un pachet de { $product } la o comandă. Nu s-a comandat nimic.
    [few] Magazinul vinde cel mult { $max } pachete de { $product } la o comandă. Nu s-a comandat nimic.
   *[other] Magazinul vinde cel mult { $max } de pachete de { $product } la o comandă. Nu s-a comandat nimic.
}
reason-ambiguous = Poate fi { $first } sau { $second }.
reason-option_missing = Te rog, spune și { $option } pentru { $product }. Nu s-a comandat nimic.
reason-as_last_time = Ca în comanda de { $moment }.
reason-already_ordered = { $product }: deja comandat { $moment }. Încă o dată?
reason-already_ordered_there = { $product }: deja comandat { $moment }, la difuzorul { $speaker }. Încă o dată?
reason-heard_there = Și difuzorul { $speaker } a auzit asta.
reason-left_to = Difuzorul { $speaker } a auzit mai tare, așa că i-am lăsat lui răspunsul.
reason-price_jump = { $product }: acum { $now } pachetul, înainte { $before }.
reason-delivery_jump = Livrarea costă acum { $now }; înainte, { $before }.
reason-other_currency = Prețul magazinului e în altă monedă, { $currency }. Nu s-a comandat nimic.
reason-over_cap = { $total } depășește limita de { $cap } pentru o comandă, așa că trebuie să aprobe un adult.
reason-over_day_cap = Ar fi { $total } azi, peste limita de { $cap }, așa că trebuie să aprobe un adult.
reason-over_month_cap = Ar fi { $total } într-o lună, peste limita de { $cap }, așa că trebuie să aprobe un adult.
reason-over_hard_cap = { $total } depășește limita fixă de { $cap }. Nu s-a comandat nimic.
reason-too_many_orders = { PLURAL($hours) ->
    [one] S-a atins limita de comenzi într-o oră, { $orders }. Nu s-a comandat nimic.
    [few] S-a atins limita de comenzi în { $hours } ore, { $orders }. Nu s-a comandat nimic.
   *[other] S-a atins limita de comenzi în { $hours } de ore, { $orders }. Nu s-a comandat nimic.
}
reason-substituted = Ai cerut { $asked }; magazinul oferă { $offered }. Nu s-a comandat nimic.
reason-not-offered = Ai cerut { $asked }; magazinul nu oferă asta. Nu s-a comandat nimic.
reason-added = Magazinul adaugă { $offered }, ce nu ai cerut. Nu s-a comandat nimic.
reason-quote_wrong = Socoteala magazinului nu iese. Nu s-a comandat nimic.
reason-recurring = Pentru { $product } magazinul oferă un abonament. Nu îl accept prin voce; te rog, folosește panoul. Nu s-a comandat nimic.
reason-restricted = { $product } are limită de vârstă, așa că trebuie să aprobe un adult.
reason-restricted-refused = { $product } are limită de vârstă. Nu s-a comandat nimic.
reason-quiet_hours = Sunt orele de liniște, așa că nu s-a comandat nimic.
reason-unknown_clock = Încă nu știu cât e ceasul, așa că nu s-a comandat nimic.
reason-quote_stale = Prețul acela e prea vechi.
reason-unknown_shop = Răspunsul a venit de la alt magazin, { $shop }. Nu s-a comandat nimic.
reason-unclear = Nu am fost sigur de ce am auzit.
reason-second_ear_silent = Nu am putut verifica încă o dată ce am auzit.
reason-ears_differ = Am înțeles în două feluri diferite.
reason-wrong_pin = { PLURAL($times) ->
    [one] Cineva a dat un PIN greșit.
    [few] Cineva a dat un PIN greșit, de { $times } ori la rând.
   *[other] Cineva a dat un PIN greșit, de { $times } de ori la rând.
}
reason-hostile_text = Textul magazinului despre { $product } conținea cuvinte pe care nu le spun.
reason-other_name = Oferta nu numește { $product } ca în catalogul magazinului. Nu s-a comandat nimic.

# Jurnalul pe care îl citește familia
log-heard = Am auzit: „{ $words }”.
log-no-objection = { PLURAL($count) ->
    [one] O verificare nu a avut obiecții.
    [few] { $count } verificări nu au avut obiecții.
   *[other] { $count } de verificări nu au avut obiecții.
}
log-confirmed-phrase = Confirmat cu fraza: { $words }.
log-confirmed-challenge = Confirmat cu fraza și două cuvinte la întâmplare: { $words }.
log-confirmed-adult = Confirmat cu fraza, iar un adult trebuia să aprobe: { $words }.
log-words-gone = cuvintele nu se mai păstrează
log-step = { $who }: { $state }.
by-household = Familia
by-household-there = Familia, la difuzorul { $speaker }
by-button = Un adult, cu butonul
by-pin = Un adult, cu PIN-ul
by-time = I-a venit timpul
by-shop = Magazinul

# Un om de la magazin
somebody = cineva de la magazin
person-asked = Rog magazinul { $shop } să răspundă un om. Te anunț când e cineva.
person-asked-already = Am rugat deja magazinul { $shop } să răspundă un om. Încă nu e nimeni.
person-offline = Acum nu ajung la { $shop }, deci nu poate răspunde nimeni. Te rog, încearcă mai târziu.
nobody-there = La { $shop } nu a răspuns încă nimeni. Au cererea ta, și te anunț când e cineva.
person-not-wanted = Bine, am spus magazinului că nu mai e nevoie de nimeni.
person-joined = { $name } de la { $shop } e aici. Ce să spun?
somebody-joined = E cineva de la { $shop } aici. Ce să spun?
person-came = { $name } de la { $shop } e aici.
somebody-came = E cineva de la { $shop } aici.
person-says = { $name } spune: { $text }
passed-on = Transmit mesajul către { $name }.
passed-on-early = Îl păstrez pentru { $shop }. Îl citesc când e cineva acolo.
passed-on-later = Acum nu ajung la magazin. Transmit mesajul către { $name } de îndată ce pot.
chat-not-kept = Nu am putut nota mesajul, deci nu am transmis nimic.
tell-again = Scuze, nu am înțeles. Ce să transmit către { $name }?
tell-later = Nu am transmis nimic. Ca să transmiți ceva către { $name }, strigă-mă și spune: spune-le, apoi cuvintele tale.
chat-ended = Bine, mi-am luat la revedere de la { $name }.
person-left = { $name } a încheiat conversația.
chat-timed-out = Nu s-a mai spus nimic de ceva timp, așa că am încheiat conversația cu { $name }.
offer-over = Oferta de la { $name } nu mai e valabilă.
nothing-new = Nu e nimic nou de la { $name }.
no-conversation = Nu e nicio conversație cu magazinul.
reason-offered_by = Oferta e de la { $name }.
reason-not_in_catalog = { $product } nu e în catalogul magazinului, deci nu pot verifica oferta. Nu s-a comandat nimic.

# Noutăți de la magazin
news-kind-news = noutăți
news-kind-offer = oferte
news-kind-recipe = rețete
news-kind-recall = rechemări de produse
news-says = Magazinul tău, { $shop }, spune: { $text }
news-says-next = Și încă: { $text }
news-more = { PLURAL($more) ->
    [one] Mai este una. Întreabă: ce mai e nou?
    [few] Mai sunt { $more }. Întreabă: ce mai e nou?
   *[other] Mai sunt { $more }. Întreabă: ce mai e nou?
}
no-news = Nu e nimic nou de la { $shop }.
no-news-agreed = { $shop } nu îți spune noutăți, pentru că nu le-a cerut nimeni. Pentru oferte, spune: activează ofertele.
consent-may-tell = { $shop } poate să-ți spună { $kinds }.
consent-stop-one = Spune oricând: nu mai vreau { $kinds }.
consent-stop-all = Spune oricând: nu mai vreau anunțuri.
consent-stopped = Gata cu: { $kinds }.
consent-none = { $shop } nu îți spune noutăți.
consent-recalls = Doar dacă e rechemat ceva ce ai cumpărat îți spun oricum, pentru că poate fi periculos.
consent-not-kept = Nu am putut nota, așa că nu s-a schimbat nimic.
ago-unknown = înainte
ago-days = { PLURAL($days) ->
    [one] ieri
    [few] { $days ->
        [0] azi
       *[other] acum { $days } zile
    }
   *[other] acum { $days } de zile
}
ago-weeks = { PLURAL($weeks) ->
    [one] acum o săptămână
    [few] acum { $weeks } săptămâni
   *[other] acum { $weeks } de săptămâni
}
reason-bought_before = Îți spun pentru că ai cumpărat { $product } { $ago }.
reason-recall_of_yours = Îți spun pentru că ai cumpărat { $product } { $ago }, comanda { $order }.
reason-agreed_to = Îți spun pentru că cineva din casă a cerut { $kinds }.
reason-not_agreed_children = Cât sunt copiii treji, nimeni nu cere mai multe noutăți. Nu s-a schimbat nimic.
reason-not_agreed_open = Aici nu știu dacă o cere un adult. Spune-o la boxă, te rog. Nu s-a schimbat nimic.
# Ce propune magazinul
asking-shop = O clipă, întreb magazinul.
nobody-to-ask = Magazinul nu răspunde, așa că acum nu te poate ajuta să alegi. Nu s-a comandat nimic.
other-money = Prețurile magazinului sunt în { $shop }, iar tu ai spus { $asked }. Spune-mi, te rog, limita în { $shop }.
currency-EUR = euro
currency-RON = lei
currency-USD = dolari
currency-GBP = lire
shop-asks = { $text }: { $choices }?
shop-asks-first = Poți spune și că nu contează.
either = { $first } sau { $last }
idea-or = { $first }; sau { $last }
ideas = Îți propun { $ideas }.
idea = { $product } la { $amount }, pentru că { $because }
idea-plain = { $product } la { $amount }
idea-one = Îți place? Spune da sau nu.
idea-which = Pe care îl alegi, sau niciunul?
found-no-guide = Magazinul acesta nu te poate ajuta să alegi. Spune-mi mai bine un produs.
found-nothing = Magazinul nu a găsit nimic potrivit. Nu s-a comandat nimic.
found-too-many-questions = Magazinul voia să întrebe prea multe, așa că m-am oprit. Nu s-a comandat nimic.
found-no-use = Răspunsul magazinului nu a fost de folos, așa că nu te poate ajuta să alegi. Nu s-a comandat nimic.
reason-suggested = Magazinul a propus { $product }, pentru că { $because }.
reason-suggested-plain = Magazinul a propus { $product }.
reason-above_limit = Magazinul cere acum { $now } pentru { $product }; ai spus cel mult { $limit }. Nu s-a comandat nimic.
