# What the speaker says in English. Short; a person listens to it.
# The order: product, quantity, total, delivery, then the words that order and oblige to pay.

-phrase = order it

# Parts
and = { $first } and { $second }
item = { PLURAL($qty) ->
    [one] one pack of { $product }
   *[other] { $qty } packs of { $product }
}
item-digits = { $digits }, { item }
money-EUR = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } cent
       *[other] { $minor } cents
    }
    [whole] { PLURAL($major) ->
        [one] { $major } euro
       *[other] { $major } euros
    }
   *[both] { PLURAL($major) ->
        [one] { $major } euro { $minor }
       *[other] { $major } euros { $minor }
    }
}
money-RON = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } ban
       *[other] { $minor } bani
    }
    [whole] { PLURAL($major) ->
        [one] { $major } leu
       *[other] { $major } lei
    }
   *[both] { PLURAL($major) ->
        [one] { $major } leu { $minor }
       *[other] { $major } lei { $minor }
    }
}
money-USD = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } cent
       *[other] { $minor } cents
    }
    [whole] { PLURAL($major) ->
        [one] { $major } dollar
       *[other] { $major } dollars
    }
   *[both] { PLURAL($major) ->
        [one] { $major } dollar { $minor }
       *[other] { $major } dollars { $minor }
    }
}
money-GBP = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } penny
       *[other] { $minor } pence
    }
    [whole] { PLURAL($major) ->
        [one] { $major } pound
       *[other] { $major } pounds
    }
   *[both] { PLURAL($major) ->
        [one] { $major } pound { $minor }
       *[other] { $major } pounds { $minor }
    }
}
money-other = { $amount } { $currency }
minutes = { PLURAL($minutes) ->
    [one] one minute
   *[other] { $minutes } minutes
}

# Days and times
day-today = today
day-tomorrow = tomorrow
day-yesterday = yesterday
day-near = on { $weekday }
day-far = on { $day } { $month }
days-by = by { $day }
day-bare-near = { $weekday }
day-bare-far = { $day } { $month }
moment = { $day } at { $time }
time = { $minute ->
    [0] { $hour12 } { $half }
   *[other] { $hour12 }:{ $minute2 } { $half }
}
half-am = AM
half-pm = PM
weekday-0 = Monday
weekday-1 = Tuesday
weekday-2 = Wednesday
weekday-3 = Thursday
weekday-4 = Friday
weekday-5 = Saturday
weekday-6 = Sunday
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

# Ordering
read-back = { $items }, { $total } in all, delivered { $days }.
ask-phrase = To order and pay, say: { -phrase }.
ask-challenge = To order and pay, say: { -phrase }, { $first }, { $second }.
ask-adult = To order and pay, say: { -phrase }. Then an adult must hold the button.
say-phrase = That is not enough.
say-phrase-unclear = Sorry, I did not catch that.
held = Noted: { $items }. I hold it for { $minutes }. Say cancel that to take it back.
awaiting-adult = Noted: { $items }. An adult must hold the button for two seconds, within { $minutes }.
resumed = I was restarted. I still hold { $items }, for { $minutes }. Say cancel that to take it back.
nothing-to-approve = Nothing is waiting for approval.
pin-wrong = { PLURAL($left) ->
    [one] That is not the PIN. One more try is left.
   *[other] That is not the PIN. { $left } more tries are left.
}
pin-locked = There were too many wrong PINs. No PIN is taken for { $minutes }; the button still approves.
booked = It is ordered: { $items }, delivered by { $day }.
booked-no-day = It is ordered: { $items }.
rejected = The shop did not take the order of { $items }. { $why }
held-by-shop = The shop keeps the order of { $items } back and has not booked it yet.
held-by-shop-burst = Many homes asked for { $items } within minutes, perhaps because of a programme. The shop keeps the order until an adult approves it.
payment-asked = Not ordered yet: { $items }. Please confirm { $total } in your bank's app. The shop waits until { $moment }.
payment-asked-no-time = Not ordered yet: { $items }. Please confirm { $total } in your bank's app.
not-paid = The payment for { $items } was not confirmed in time. Nothing was ordered.
paid-account = You pay on account.
paid-invoice = You pay by invoice.
paid-token = You pay with { $label }.
paid-token-plain = You pay with what the shop keeps for you.
card-number = That sounded like the number of a card. I take none, and passed nothing on. Nothing was ordered.
coupon-taken = With the coupon it costs { $amount } less.
coupon-normal-price = Do you want this at the normal price?
coupon-alone = Say the coupon together with what you need, or once I have read you the price.
coupon-unknown = The shop does not know that coupon.
coupon-expired = The coupon has expired.
coupon-used = You have used that coupon already.
coupon-used-up = That coupon is used up.
coupon-minimum = The coupon needs goods for { $minimum } at least.
coupon-products = The coupon is not for this.
coupon-none = The shop has no coupon for you now.
coupon-never = This shop takes no coupons.
coupon-refused = The shop does not take the coupon.
approval-sent = I told the shop that an adult approved { $items }. I say when it is ordered.
choose = Which one: { $first }, or { $second }?
how-many = Did you say { $first }, or { $second }?
which-product = Which product? I did not catch it.

# Taking back
nothing-ordered = All right, nothing was ordered.
cancelled = Cancelled: { $items }. Nothing is ordered.
cancel-asked = The order of { $items } was already sent. I asked the shop to cancel it, and the shop decides.
cancel-refused = It is too late to cancel { $items }. The shop goes on with it.
cancel-asked-there = That was ordered at the { $speaker } speaker. I asked it to cancel { $items }.
cancelled-there = The { $speaker } speaker has cancelled { $items }. Nothing is ordered.
cancel-passed-on = The order of { $items } was already sent. The { $speaker } speaker asked the shop to cancel it, and the shop decides.
cancel-refused-there = It is too late to cancel { $items }, says the { $speaker } speaker.
speaker-silent = The { $speaker } speaker does not answer, so the order of { $items } stands. Say cancel that there, or ask me again in a moment.
nothing-to-cancel = There is no order that I can take back.

# Withdrawing from a purchase
ask-return = You ordered { $items } { $day }, { $total } in all. Shall I return it? Say yes or no.
ask-return-all = You ordered { $items } { $day }, { $total } in all. They go back together. Shall I return them? Say yes or no.
ask-return-no-day = You ordered { $items }, { $total } in all. Shall I return all of it? Say yes or no.
not-returned = All right, nothing goes back. You keep { $items }.
not-returned-unclear = I heard no clear yes, so nothing goes back. You keep { $items }.
nothing-to-return = I know of no order that could go back.
withdrawal-sent = I am telling the shop that you return { $items }. I say when it has confirmed that.
withdrawal-stands = I have told the shop already that you return { $items }. To keep it after all, please call the shop.
withdrawn = The shop has your withdrawal of { $items }, { $moment }.
withdrawn-no-time = The shop has your withdrawal of { $items }.
withdrawal-too-late = It is too late to return { $items }. The time for it ended { $day }.
withdrawal-too-late-no-day = It is too late to return { $items }.
withdrawal-not-returnable = This shop does not take that back: { $items }.
withdrawal-refused = The shop does not take that back: { $items }. { $why }
refunded = The shop says that it has refunded { $items }.

# What went wrong
not-understood = Sorry, I did not catch that. Please say it again.
given-up = I still did not understand, so nothing was ordered.
timed-out = I heard no answer, so nothing was ordered.
nothing-to-confirm = There is nothing to confirm. Tell me first what you need.
busy = One moment, another conversation is going on.
expired = The order of { $items } did not reach the shop in time. Nothing was ordered.
not-approved = Nobody approved { $items } in time. Nothing was ordered.
lost = The shop has not answered about { $items }. I keep asking, and tell you.
store-failed = I could not write it down, so nothing was ordered. Please check the device's disk.
store-trouble = I cannot write down a change of the order of { $items }. I keep trying. Please check the device's disk.
shop-silent = The shop does not answer. Nothing was ordered. Shall I put { $items } on the list?
not-sold = { $why } Nothing was ordered. Shall I put { $items } on the list?
code-unknown_product = The shop does not know that product.
code-out_of_stock = It is out of stock.
code-price_changed = The price has changed.
code-expired = It came too late.
code-too_late = It came too late.
code-not_returnable = The shop does not take it back.
code-not_in_part = The shop takes it back only as a whole.
code-payment_refused = The payment was refused.
code-payment_changed = How you pay has changed, so please order again.
code-coupon_used = The coupon was used already.
code-card_number = It held the number of a card, which the shop takes none of.
code-unknown_order = The shop does not know that order.
code-other = The shop said: { $code }.
code-none = The shop gave no reason.
distrusted = I ignored a message that claims to come from the shop { $shop } and could not be verified.

# Answers
listed = I put { $items } on the list.
every-days = { PLURAL($days) ->
    [one] every day
   *[other] about every { $days } days
}
every-weeks = { PLURAL($weeks) ->
    [one] about every week
   *[other] about every { $weeks } weeks
}
suggest = { PLURAL($days) ->
    [one] You buy { $product } { $every }, last one day ago. If it is running out, tell me.
   *[other] You buy { $product } { $every }, last { $days } days ago. If it is running out, tell me.
}
help = Tell me what ran out. I read back product and price, and you confirm. You can also say cancel that, where is my order, or why.
because-none = No guard had an objection.
no-orders = I know of no such order.
order-status = { $items }: { $state }.
order-status-day = { $items }: { $state }, expected by { $day }.
status-there = At the { $speaker } speaker: { $status }
history = Last ordered: { $item }, { $moment }.
history-more = { PLURAL($more) ->
    [one] Last ordered: { $item } and one other product, { $moment }.
   *[other] Last ordered: { $item } and { $more } other products, { $moment }.
}
bought-shop = From the shop's records, last ordered: { $orders }.
bought-here = The shop does not answer. As far as I know, last ordered: { $orders }.
bought-none-shop = The shop has no order of this home.
bought-none-here = The shop does not answer, and I know of no order.
bought-one = { $item }, { $moment }
bought-one-more = { PLURAL($more) ->
    [one] { $item } and one other product, { $moment }
   *[other] { $item } and { $more } other products, { $moment }
}
price = { $product }: { $amount } a pack. Nothing was ordered.
state-awaiting_adult = waiting for an adult's approval
state-held = held, not sent yet
state-sending = on its way to the shop
state-held_at_shop = not ordered yet, the shop waits for an adult's approval
state-awaiting_payment = not ordered yet, waiting for you to confirm the payment in your bank's app
state-approving = approved, waiting for the shop
state-accepted = accepted by the shop
state-shipped = shipped
state-delivered = delivered
state-rejected = not accepted by the shop
state-cancelling = the shop was asked to cancel it
state-cancelled = cancelled
state-expired = expired, nothing was ordered
state-withdrawing = goes back, the shop has not confirmed it yet
state-withdrawn = withdrawn, the shop has confirmed it
state-refunded = refunded
state-unknown = sent, but the shop has not answered

# Reasons
reason-reported_speech = I heard somebody tell of an order: { $words }. Nothing was ordered.
reason-negated = I heard that nothing is needed, so nothing was ordered.
reason-question = That sounded like a question, so nothing was ordered.
reason-conditional = That sounded like an if, so nothing was ordered.
reason-unexplained = That did not sound like an order: { $words }. Nothing was ordered.
reason-no_pause = There was no pause after my name, as on television.
reason-far_away = The voice was hardly louder than the room.
reason-random_words = Every order by voice needs two random words here.
reason-many_homes = Many homes asked for this in the last minutes, perhaps because of a programme, so an adult must approve.
reason-registered_playback = That is the sound of { $name }, which is registered as a programme. Nothing was ordered.
reason-replay = I have heard exactly this recording before. Nothing was ordered.
reason-own_voice = I heard my own voice.
reason-children_up = While children are up, an adult must approve.
reason-unknown_voice = I do not know this voice.
reason-text_orders_off = Orders by text are switched off here. Nothing was ordered.
reason-open_channel = Somebody typed this where anybody can type: an adult must approve it at the device.
reason-first_purchase = First purchase of { $product }: an adult must approve.
reason-large_quantity = { PLURAL($qty) ->
    [one] One pack is more than usual; usually it is { $usual }.
   *[other] { $qty } packs are more than usual; usually it is { $usual }.
}
reason-unsure_quantity = I was not sure whether it was { $qty } or { $other }.
reason-easily_misheard = The number { $qty } is easily misheard.
reason-above_product_limit = { PLURAL($max) ->
    [one] The shop sells at most one pack of { $product } in one order. Nothing was ordered.
   *[other] The shop sells at most { $max } packs of { $product } in one order. Nothing was ordered.
}
reason-ambiguous = It could be { $first } or { $second }.
reason-option_missing = Please say the { $option } of { $product } as well. Nothing was ordered.
reason-as_last_time = As you ordered { $moment }.
reason-already_ordered = You already ordered { $product } { $moment }. Another one?
reason-already_ordered_there = You already ordered { $product } { $moment }, at the { $speaker } speaker. Another one?
reason-heard_there = The { $speaker } speaker heard it too.
reason-left_to = The { $speaker } speaker heard it louder, so I left it to that one.
reason-price_jump = { $product }: { $now } a pack now, and { $before } before.
reason-delivery_jump = Delivery costs { $now } now; before it was { $before }.
reason-other_currency = The shop's price is in another currency, { $currency }. Nothing was ordered.
reason-over_cap = { $total } is above the limit of { $cap } for one order, so an adult must approve.
reason-over_day_cap = That makes { $total } today, above the limit of { $cap }, so an adult must approve.
reason-over_month_cap = That makes { $total } in a month, above the limit of { $cap }, so an adult must approve.
reason-over_hard_cap = { $total } is above the fixed limit of { $cap }. Nothing was ordered.
reason-too_many_orders = { PLURAL($hours) ->
    [one] The limit of orders in one hour is reached, { $orders }. Nothing was ordered.
   *[other] The limit of orders in { $hours } hours is reached, { $orders }. Nothing was ordered.
}
reason-substituted = You asked for { $asked }; the shop offers { $offered }. Nothing was ordered.
reason-not-offered = You asked for { $asked }; the shop does not offer that. Nothing was ordered.
reason-added = The shop adds { $offered }, which you did not ask for. Nothing was ordered.
reason-quote_wrong = The shop's figures do not add up. Nothing was ordered.
reason-recurring = For { $product } the shop offers a subscription. I do not agree to one by voice; please use the panel. Nothing was ordered.
reason-restricted = { $product } has an age limit, so an adult must approve.
reason-restricted-refused = { $product } has an age limit. Nothing was ordered.
reason-quiet_hours = These are the quiet hours, so nothing was ordered.
reason-unknown_clock = I do not know the time yet, so nothing was ordered.
reason-quote_stale = That price is too old.
reason-unknown_shop = The answer came from another shop, { $shop }. Nothing was ordered.
reason-unclear = I was not sure of what I heard.
reason-second_ear_silent = I could not double-check what I heard.
reason-ears_differ = I understood it in two different ways.
reason-wrong_pin = { PLURAL($times) ->
    [one] Somebody gave a wrong PIN.
   *[other] Somebody gave a wrong PIN, { $times } times in a row.
}
reason-hostile_text = The shop's text about { $product } held words that I do not say.
reason-other_name = The offer does not call { $product } as the shop's catalogue does. Nothing was ordered.

# The log that a household reads
log-heard = I heard: "{ $words }".
log-no-objection = { PLURAL($count) ->
    [one] One guard had no objection.
   *[other] { $count } guards had no objection.
}
log-confirmed-phrase = Confirmed with the phrase: { $words }.
log-confirmed-challenge = Confirmed with the phrase and two random words: { $words }.
log-confirmed-adult = Confirmed with the phrase, and an adult had to approve: { $words }.
log-words-gone = the words are no longer kept
log-step = { $who }: { $state }.
by-household = The household
by-household-there = The household, at the { $speaker } speaker
by-button = An adult, with the button
by-pin = An adult, with the PIN
by-time = Its time came
by-shop = The shop

# A person at the shop
somebody = somebody at the shop
person-asked = I am asking { $shop } for a person. I will say when somebody is there.
person-asked-already = I have asked { $shop } for a person. Nobody is there yet.
person-offline = I cannot reach { $shop } just now, so nobody can answer. Please try again later.
nobody-there = Nobody at { $shop } has answered yet. They have your request, and I will say when somebody is there.
person-not-wanted = All right, I told the shop that nobody is needed any more.
person-joined = { $name } of { $shop } is there. What shall I say?
somebody-joined = Somebody at { $shop } is there. What shall I say?
person-came = { $name } of { $shop } is there.
somebody-came = Somebody at { $shop } is there.
person-says = { $name } says: { $text }
passed-on = I am passing that on to { $name }.
passed-on-early = I keep that for { $shop }. They read it when somebody is there.
passed-on-later = I cannot reach the shop just now. I will pass it on to { $name } as soon as I can.
chat-not-kept = I could not write that down, so nothing was passed on.
tell-again = Sorry, I did not catch that. What shall I tell { $name }?
tell-later = I passed nothing on. To say something to { $name }, call me and say: tell them, and then your words.
chat-ended = All right, I told { $name } goodbye.
person-left = { $name } has ended the conversation.
chat-timed-out = Nothing was said for a while, so I ended the conversation with { $name }.
offer-over = The offer of { $name } is not valid any more.
nothing-new = There is nothing new from { $name }.
no-conversation = There is no conversation with the shop.
reason-offered_by = { $name } offers it.
reason-not_in_catalog = { $product } is not in the shop's catalogue, so I cannot check that offer. Nothing was ordered.

# News of the shop
news-kind-news = news
news-kind-offer = offers
news-kind-recipe = recipes
news-kind-recall = recalls
news-says = Your shop, { $shop }, says: { $text }
news-says-next = And: { $text }
news-more = { PLURAL($more) ->
    [one] There is one more. Ask: what's new?
   *[other] There are { $more } more. Ask: what's new?
}
no-news = There is nothing new from { $shop }.
no-news-agreed = { $shop } tells you no news, since nobody asked for them. For offers, say: turn on the offers.
consent-may-tell = { $shop } may tell you { $kinds }.
consent-stop-one = Say stop the { $kinds } at any time.
consent-stop-all = Say stop the announcements at any time.
consent-stopped = No { $kinds } any more.
consent-none = { $shop } tells you no news.
consent-recalls = Only if something that you bought is recalled, I still say so, because it may be dangerous.
consent-not-kept = I could not write that down, so nothing has changed.
ago-unknown = before
ago-days = { $days ->
    [0] today
    [1] yesterday
   *[other] { $days } days ago
}
ago-weeks = { PLURAL($weeks) ->
    [one] one week ago
   *[other] { $weeks } weeks ago
}
reason-bought_before = I tell you because you bought { $product } { $ago }.
reason-recall_of_yours = I tell you because you bought { $product } { $ago }, order { $order }.
reason-agreed_to = I tell you because somebody here asked for { $kinds }.
reason-not_agreed_children = While children are up, nobody agrees to more news. Nothing has changed.
reason-not_agreed_open = I cannot tell here whether an adult agrees. Please say it to the speaker. Nothing has changed.
# What the shop proposes
asking-shop = One moment, I am asking the shop.
nobody-to-ask = The shop does not answer, so it cannot help you choose now. Nothing was ordered.
other-money = The shop's prices are in { $shop }, and you named { $asked }. Please tell me the limit in { $shop }.
currency-EUR = euros
currency-RON = lei
currency-USD = dollars
currency-GBP = pounds
shop-asks = { $text }: { $choices }?
shop-asks-first = You can also say that it doesn't matter.
either = { $first }, or { $last }
idea-or = { $first }; or { $last }
ideas = I suggest { $ideas }.
idea = { $product } for { $amount }, because { $because }
idea-plain = { $product } for { $amount }
idea-one = Would you like that? Say yes or no.
idea-which = Which one, or neither?
found-no-guide = This shop cannot help you choose. Tell me a product instead.
found-nothing = The shop found nothing that fits. Nothing was ordered.
found-too-many-questions = The shop wanted to ask too much, so I stopped. Nothing was ordered.
found-no-use = The shop's answer was of no use, so it cannot help you choose. Nothing was ordered.
reason-suggested = The shop suggested { $product }, because { $because }.
reason-suggested-plain = The shop suggested { $product }.
reason-above_limit = The shop now asks { $now } for { $product }; you said { $limit } at most. Nothing was ordered.
