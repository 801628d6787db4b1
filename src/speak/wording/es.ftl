# Lo que dice el altavoz en español. Frases cortas.

-phrase = pide eso

and = { $first } y { $second }
item = { PLURAL($qty) ->
    [one] un paquete de { $product }
   *[other] { $qty } paquetes de { $product }
}
item-digits = { $digits }, { item }
money-EUR = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } céntimo
       *[other] { $minor } céntimos
    }
    [whole] { PLURAL($major) ->
        [one] un euro
       *[other] { $major } euros
    }
   *[both] { PLURAL($major) ->
        [one] un euro con { $minor }
       *[other] { $major } euros con { $minor }
    }
}
money-RON = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } ban
       *[other] { $minor } bani
    }
    [whole] { PLURAL($major) ->
        [one] un leu
       *[other] { $major } lei
    }
   *[both] { PLURAL($major) ->
        [one] un leu con { $minor }
       *[other] { $major } lei con { $minor }
    }
}
money-USD = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } centavo
       *[other] { $minor } centavos
    }
    [whole] { PLURAL($major) ->
        [one] un dólar
       *[other] { $major } dólares
    }
   *[both] { PLURAL($major) ->
        [one] un dólar con { $minor }
       *[other] { $major } dólares con { $minor }
    }
}
money-GBP = { $form ->
    [cents] { PLURAL($minor) ->
        [one] { $minor } penique
       *[other] { $minor } peniques
    }
    [whole] { PLURAL($major) ->
        [one] una libra
       *[other] { $major } libras
    }
   *[both] { PLURAL($major) ->
        [one] una libra con { $minor }
       *[other] { $major } libras con { $minor }
    }
}
money-other = { $amount } { $currency }
minutes = { PLURAL($minutes) ->
    [one] un minuto
   *[other] { $minutes } minutos
}

day-today = hoy
day-tomorrow = mañana
day-yesterday = ayer
day-near = el { $weekday }
day-far = el { $day } de { $month }
days-by = { $day } o antes
day-bare-near = el { $weekday }
day-bare-far = el { $day } de { $month }
moment = { $day } { $time }
time = { PLURAL($hour) ->
    [one] { $minute ->
        [0] a la una
       *[other] a la una y { $minute }
    }
   *[other] { $minute ->
        [0] a las { $hour }
       *[other] a las { $hour } y { $minute }
    }
}
half-am = a. m.
half-pm = p. m.
weekday-0 = lunes
weekday-1 = martes
weekday-2 = miércoles
weekday-3 = jueves
weekday-4 = viernes
weekday-5 = sábado
weekday-6 = domingo
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre

read-back = { $items }, { $total } en total, entrega { $days }.
ask-phrase = Para pedir y pagar, di: { -phrase }.
ask-challenge = Para pedir y pagar, di: { -phrase }, { $first }, { $second }.
ask-adult = Para pedir y pagar, di: { -phrase }. Después, un adulto tiene que mantener pulsado el botón.
say-phrase = Eso no basta.
say-phrase-unclear = Perdona, no te he entendido.
held = Anotado: { $items }. Lo retengo { $minutes }. Di cancela eso para anularlo.
awaiting-adult = Anotado: { $items }. Un adulto tiene que mantener pulsado el botón dos segundos, en menos de { $minutes }.
resumed = Me he reiniciado. Todavía retengo { $items }, durante { $minutes }. Di cancela eso para anularlo.
nothing-to-approve = No hay nada pendiente de aprobación.
pin-wrong = { PLURAL($left) ->
    [one] Ese no es el PIN. Queda un intento.
   *[other] Ese no es el PIN. Quedan { $left } intentos.
}
pin-locked = Ha habido demasiados PIN equivocados. No se acepta ningún PIN durante { $minutes }; con el botón sí se puede aprobar.
booked = Ya está pedido: { $items }, entrega como tarde { $day }.
booked-no-day = Ya está pedido: { $items }.
rejected = La tienda no ha aceptado el pedido de { $items }. { $why }
held-by-shop = La tienda retiene el pedido de { $items } y aún no lo ha aceptado.
held-by-shop-burst = Muchos hogares han pedido { $items } en pocos minutos, quizá por un programa. La tienda guarda el pedido hasta que un adulto lo apruebe.
payment-asked = Aún no está pedido: { $items }. Confirma { $total } en la app de tu banco, por favor. La tienda espera hasta { $moment }.
payment-asked-no-time = Aún no está pedido: { $items }. Confirma { $total } en la app de tu banco, por favor.
not-paid = El pago de { $items } no se confirmó a tiempo. No se ha pedido nada.
paid-account = Se apunta en tu cuenta.
paid-invoice = Se paga con factura.
paid-token = Se paga con { $label }.
paid-token-plain = Se paga con lo que la tienda tiene guardado.
card-number = Eso parecía el número de una tarjeta. No los acepto y no he pasado nada. No se ha pedido nada.
coupon-taken = Con el cupón cuesta { $amount } menos.
coupon-normal-price = ¿Lo quieres al precio normal?
coupon-alone = Di el cupón junto con lo que necesitas, o cuando te haya leído el precio.
coupon-unknown = La tienda no conoce ese cupón.
coupon-expired = El cupón ha caducado.
coupon-used = Ese cupón ya lo has usado.
coupon-used-up = Ese cupón está agotado.
coupon-minimum = El cupón vale para compras de { $minimum } como mínimo.
coupon-products = El cupón no vale para esto.
coupon-none = La tienda no tiene ahora ningún cupón para ti.
coupon-never = Esta tienda no admite cupones.
coupon-refused = La tienda no admite el cupón.
approval-sent = He avisado a la tienda de que un adulto ha aprobado { $items }. Te digo cuando esté pedido.
choose = ¿Cuál: { $first } o { $second }?
how-many = ¿Has dicho { $first }, o { $second }?
which-product = ¿Qué producto? No lo he entendido.

nothing-ordered = De acuerdo, no se ha pedido nada.
cancelled = Anulado: { $items }. No se pide nada.
cancel-asked = El pedido de { $items } ya se había enviado. He pedido a la tienda que lo anule, y ella decide.
cancel-refused = Es tarde para anular { $items }. La tienda sigue adelante.
cancel-asked-there = Eso se pidió en el altavoz { $speaker }. Le he pedido que anule { $items }.
cancelled-there = El altavoz { $speaker } ha anulado { $items }. No se pide nada.
cancel-passed-on = El pedido de { $items } ya se había enviado. El altavoz { $speaker } ha pedido a la tienda que lo anule, y ella decide.
cancel-refused-there = Es tarde para anular { $items }, dice el altavoz { $speaker }.
speaker-silent = El altavoz { $speaker } no responde, así que el pedido de { $items } sigue en pie. Di cancela eso allí, o pídemelo otra vez dentro de un momento.
nothing-to-cancel = No hay ningún pedido que pueda anular.

# Desistir de una compra
ask-return = Pediste { $items } { $day }, { $total } en total. ¿Lo devuelvo? Di sí o no.
ask-return-all = Pediste { $items } { $day }, { $total } en total. El pedido se devuelve entero. ¿Lo devuelvo? Di sí o no.
ask-return-no-day = Pediste { $items }, { $total } en total. ¿Devuelvo el pedido entero? Di sí o no.
not-returned = De acuerdo, no se devuelve nada. Te quedas con { $items }.
not-returned-unclear = No he oído un sí claro, así que no se devuelve nada. Te quedas con { $items }.
nothing-to-return = No conozco ningún pedido que se pueda devolver.
withdrawal-sent = Le digo a la tienda que devuelves { $items }. Te aviso cuando lo confirme.
withdrawal-stands = Ya he dicho a la tienda que devuelves { $items }. Si al final te lo quedas, llama a la tienda, por favor.
withdrawn = La tienda ha recibido tu aviso de devolución de { $items }, { $moment }.
withdrawn-no-time = La tienda ha recibido tu aviso de devolución de { $items }.
withdrawal-too-late = Ya es tarde para devolver { $items }. El plazo terminó { $day }.
withdrawal-too-late-no-day = Ya es tarde para devolver { $items }.
withdrawal-not-returnable = Esta tienda no admite la devolución: { $items }.
withdrawal-refused = La tienda no admite la devolución: { $items }. { $why }
refunded = La tienda dice que ha reembolsado { $items }.

not-understood = Perdona, no te he entendido. Repítelo, por favor.
given-up = Sigo sin entenderlo, así que no se ha pedido nada.
timed-out = No he oído respuesta, así que no se ha pedido nada.
nothing-to-confirm = No hay nada que confirmar. Dime primero qué necesitas.
busy = Un momento, hay otra conversación en curso.
expired = El pedido de { $items } no llegó a tiempo a la tienda. No se ha pedido nada.
not-approved = Nadie aprobó { $items } a tiempo. No se ha pedido nada.
lost = La tienda no ha respondido sobre { $items }. Sigo preguntando y te aviso.
store-failed = No he podido anotarlo, así que no se ha pedido nada. Revisa el disco del aparato.
store-trouble = No puedo anotar un cambio del pedido de { $items }. Sigo intentándolo. Revisa el disco del aparato.
shop-silent = La tienda no responde. No se ha pedido nada. ¿Pongo { $items } en la lista?
not-sold = { $why } No se ha pedido nada. ¿Pongo { $items } en la lista?
code-unknown_product = La tienda no conoce ese producto.
code-out_of_stock = Está agotado.
code-price_changed = El precio ha cambiado.
code-expired = Llegó demasiado tarde.
code-too_late = Llegó demasiado tarde.
code-not_returnable = La tienda no admite su devolución.
code-not_in_part = La tienda solo admite la devolución del pedido entero.
code-payment_refused = El pago se ha rechazado.
code-payment_changed = La forma de pago ha cambiado; pídelo otra vez, por favor.
code-coupon_used = El cupón ya se había usado.
code-card_number = Contenía el número de una tarjeta, y la tienda no los acepta.
code-unknown_order = La tienda no conoce ese pedido.
code-other = La tienda dice: { $code }.
code-none = La tienda no ha dado ningún motivo.
distrusted = He ignorado un mensaje que dice ser de la tienda { $shop } y que no se pudo verificar.

listed = He puesto { $items } en la lista.
every-days = { PLURAL($days) ->
    [one] todos los días
   *[other] más o menos cada { $days } días
}
every-weeks = { PLURAL($weeks) ->
    [one] más o menos cada semana
   *[other] más o menos cada { $weeks } semanas
}
suggest = { PLURAL($days) ->
    [one] Compráis { $product } { $every }, la última vez hace un día. Si se está acabando, dímelo.
   *[other] Compráis { $product } { $every }, la última vez hace { $days } días. Si se está acabando, dímelo.
}
help = Dime qué se ha acabado. Te leo el producto y el precio, y tú confirmas. También puedes decir cancela eso, dónde está mi pedido, o por qué.
because-none = Ninguna salvaguarda tenía objeciones.
no-orders = No conozco ningún pedido así.
order-status = { $items }: { $state }.
order-status-day = { $items }: { $state }, previsto como tarde { $day }.
status-there = En el altavoz { $speaker }: { $status }
history = Lo último que se pidió: { $item }, { $moment }.
history-more = { PLURAL($more) ->
    [one] Lo último que se pidió: { $item } y otro producto, { $moment }.
   *[other] Lo último que se pidió: { $item } y otros { $more } productos, { $moment }.
}
bought-shop = Según la tienda, lo último que se pidió: { $orders }.
bought-here = La tienda no responde. Por lo que yo sé, lo último que se pidió: { $orders }.
bought-none-shop = La tienda no tiene ningún pedido de esta casa.
bought-none-here = La tienda no responde, y yo no conozco ningún pedido.
bought-one = { $item }, { $moment }
bought-one-more = { PLURAL($more) ->
    [one] { $item } y otro producto, { $moment }
   *[other] { $item } y otros { $more } productos, { $moment }
}
price = { $product }: { $amount } el paquete. No se ha pedido nada.
state-awaiting_adult = pendiente de la aprobación de un adulto
state-held = retenido, aún sin enviar
state-sending = de camino a la tienda
state-held_at_shop = aún sin pedir, la tienda espera la aprobación de un adulto
state-awaiting_payment = aún sin pedir, a la espera de que confirmes el pago en la app de tu banco
state-approving = aprobado, a la espera de la tienda
state-accepted = aceptado por la tienda
state-shipped = enviado
state-delivered = entregado
state-rejected = no aceptado por la tienda
state-cancelling = se ha pedido a la tienda que lo anule
state-cancelled = anulado
state-expired = caducado, no se ha pedido nada
state-withdrawing = se devuelve, la tienda aún no lo ha confirmado
state-withdrawn = devolución registrada por la tienda
state-refunded = reembolsado
state-unknown = enviado, pero la tienda no ha respondido

reason-reported_speech = He oído a alguien hablar de un pedido: { $words }. No se ha pedido nada.
reason-negated = He oído que no hace falta, así que no se ha pedido nada.
reason-question = Parecía una pregunta, así que no se ha pedido nada.
reason-conditional = Parecía una condición, así que no se ha pedido nada.
reason-unexplained = No parecía un pedido: { $words }. No se ha pedido nada.
reason-no_pause = No hubo pausa después de mi nombre, como en la televisión.
reason-far_away = La voz apenas se distinguía del ruido.
reason-random_words = Aquí cada pedido por voz necesita dos palabras al azar.
reason-many_homes = Muchos hogares han pedido esto en los últimos minutos, quizá por un programa, así que un adulto tiene que aprobarlo.
reason-registered_playback = Es el sonido de un programa registrado: { $name }. No se ha pedido nada.
reason-replay = Ya he oído exactamente esta grabación. No se ha pedido nada.
reason-own_voice = He oído mi propia voz.
reason-children_up = Mientras los niños están despiertos, un adulto tiene que aprobarlo.
reason-unknown_voice = No conozco esta voz.
reason-text_orders_off = Los pedidos por texto están desactivados aquí. No se ha pedido nada.
reason-open_channel = Esto se escribió donde cualquiera puede escribir: un adulto tiene que aprobarlo en el dispositivo.
reason-first_purchase = Primera compra de { $product }: un adulto tiene que aprobarla.
reason-large_quantity = { PLURAL($qty) ->
    [one] Un paquete es más de lo habitual; lo habitual es { $usual }.
   *[other] { $qty } paquetes son más de lo habitual; lo habitual es { $usual }.
}
reason-unsure_quantity = No estaba seguro de si eran { $qty } o { $other }.
reason-easily_misheard = El número { $qty } se confunde fácilmente.
reason-above_product_limit = { PLURAL($max) ->
    [one] La tienda vende como máximo un paquete de { $product } por pedido. No se ha pedido nada.
   *[other] La tienda vende como máximo { $max } paquetes de { $product } por pedido. No se ha pedido nada.
}
reason-ambiguous = Puede ser { $first } o { $second }.
reason-option_missing = Di también { $option } para { $product }. No se ha pedido nada.
reason-as_last_time = Como se pidió { $moment }.
reason-already_ordered = Ya se pidió { $product } { $moment }. ¿Otra vez?
reason-already_ordered_there = Ya se pidió { $product } { $moment }, en el altavoz { $speaker }. ¿Otra vez?
reason-heard_there = El altavoz { $speaker } también lo ha oído.
reason-left_to = El altavoz { $speaker } lo oyó más fuerte, así que se lo dejé a él.
reason-price_jump = { $product }: ahora { $now } el paquete, y antes { $before }.
reason-delivery_jump = La entrega cuesta ahora { $now }; antes, { $before }.
reason-other_currency = El precio de la tienda está en otra moneda, { $currency }. No se ha pedido nada.
reason-over_cap = { $total } supera el límite de { $cap } por pedido, así que un adulto tiene que aprobarlo.
reason-over_day_cap = Con esto el total de hoy es de { $total }, más que el límite de { $cap }, así que un adulto tiene que aprobarlo.
reason-over_month_cap = Con esto el total de un mes es de { $total }, más que el límite de { $cap }, así que un adulto tiene que aprobarlo.
reason-over_hard_cap = { $total } supera el límite fijo de { $cap }. No se ha pedido nada.
reason-too_many_orders = { PLURAL($hours) ->
    [one] Se ha alcanzado el límite de pedidos en una hora, { $orders }. No se ha pedido nada.
   *[other] Se ha alcanzado el límite de pedidos en { $hours } horas, { $orders }. No se ha pedido nada.
}
reason-substituted = Querías { $asked }; la tienda ofrece { $offered }. No se ha pedido nada.
reason-not-offered = Querías { $asked }; la tienda no lo ofrece. No se ha pedido nada.
reason-added = La tienda añade { $offered }, que no has pedido. No se ha pedido nada.
reason-quote_wrong = Las cuentas de la tienda no cuadran. No se ha pedido nada.
reason-recurring = Para { $product } la tienda ofrece una suscripción. No la acepto por voz; usa el panel. No se ha pedido nada.
reason-restricted = { $product } tiene límite de edad, así que un adulto tiene que aprobarlo.
reason-restricted-refused = { $product } tiene límite de edad. No se ha pedido nada.
reason-quiet_hours = Son las horas de silencio, así que no se ha pedido nada.
reason-unknown_clock = Todavía no sé qué hora es, así que no se ha pedido nada.
reason-quote_stale = Ese precio es demasiado antiguo.
reason-unknown_shop = La respuesta vino de otra tienda, { $shop }. No se ha pedido nada.
reason-unclear = No estaba seguro de lo que oí.
reason-second_ear_silent = No pude comprobar dos veces lo que oí.
reason-ears_differ = Lo entendí de dos maneras distintas.
reason-wrong_pin = { PLURAL($times) ->
    [one] Alguien dio un PIN equivocado.
   *[other] Alguien dio un PIN equivocado, { $times } veces seguidas.
}
reason-hostile_text = El texto de la tienda sobre { $product } contenía palabras que no digo.
reason-other_name = La oferta no llama a { $product } como el catálogo de la tienda. No se ha pedido nada.

# El registro que lee el hogar
log-heard = Oí: "{ $words }".
log-no-objection = { PLURAL($count) ->
    [one] Un control no tuvo objeción.
   *[other] { $count } controles no tuvieron objeción.
}
log-confirmed-phrase = Confirmado con la frase: { $words }.
log-confirmed-challenge = Confirmado con la frase y dos palabras al azar: { $words }.
log-confirmed-adult = Confirmado con la frase, y un adulto tenía que aprobarlo: { $words }.
log-words-gone = las palabras ya no se guardan
log-step = { $who }: { $state }.
by-household = El hogar
by-household-there = El hogar, en el altavoz { $speaker }
by-button = Un adulto, con el botón
by-pin = Un adulto, con el PIN
by-time = Llegó su hora
by-shop = La tienda

# Una persona de la tienda
somebody = alguien de la tienda
person-asked = Pido a { $shop } que se ponga una persona. Aviso cuando haya alguien.
person-asked-already = Ya he pedido a { $shop } que se ponga una persona. Aún no hay nadie.
person-offline = Ahora no llego a { $shop }, así que nadie puede contestar. Inténtalo más tarde, por favor.
nobody-there = En { $shop } aún no ha contestado nadie. Tienen tu petición, y aviso cuando haya alguien.
person-not-wanted = De acuerdo, he dicho a la tienda que ya no hace falta nadie.
person-joined = { $name } de { $shop } está aquí. ¿Qué le digo?
somebody-joined = Hay alguien de { $shop }. ¿Qué le digo?
person-came = { $name } de { $shop } está aquí.
somebody-came = Hay alguien de { $shop }.
person-says = { $name } dice: { $text }
passed-on = Se lo paso a { $name }.
passed-on-early = Lo guardo para { $shop }. Lo leerán cuando haya alguien.
passed-on-later = Ahora no llego a la tienda. Se lo paso a { $name } en cuanto pueda.
chat-not-kept = No he podido anotarlo, así que no se ha pasado nada.
tell-again = Perdona, no lo he entendido. ¿Qué le digo a { $name }?
tell-later = No he pasado nada. Para decirle algo a { $name }, llámame y di: diles, y luego tus palabras.
chat-ended = De acuerdo, me he despedido de { $name }.
person-left = { $name } ha terminado la conversación.
chat-timed-out = Hace rato que nadie dice nada, así que he terminado la conversación con { $name }.
offer-over = La oferta de { $name } ya no vale.
nothing-new = No hay nada nuevo de { $name }.
no-conversation = No hay ninguna conversación con la tienda.
reason-offered_by = Lo ofrece { $name }.
reason-not_in_catalog = { $product } no está en el catálogo de la tienda, así que no puedo comprobar esa oferta. No se ha pedido nada.

# Noticias de la tienda
news-kind-news = noticias
news-kind-offer = ofertas
news-kind-recipe = recetas
news-kind-recall = retiradas
news-says = Tu tienda, { $shop }, dice: { $text }
news-says-next = Y también: { $text }
news-more = { PLURAL($more) ->
    [one] Queda una más. Pregunta: ¿qué hay de nuevo?
   *[other] Quedan { $more } más. Pregunta: ¿qué hay de nuevo?
}
no-news = No hay nada nuevo de { $shop }.
no-news-agreed = { $shop } no te cuenta nada, porque nadie lo ha pedido. Si quieres ofertas, di: activa las ofertas.
consent-may-tell = { $shop } puede contarte { $kinds }.
consent-stop-one = Di quita las { $kinds } cuando quieras.
consent-stop-all = Di quita los avisos cuando quieras.
consent-stopped = Ya no habrá { $kinds }.
consent-none = { $shop } no te cuenta nada.
consent-recalls = Solo si retiran algo que compraste te aviso igualmente, porque puede ser peligroso.
consent-not-kept = No he podido anotarlo, así que no ha cambiado nada.
ago-unknown = antes
ago-days = { $days ->
    [0] hoy
    [1] ayer
   *[other] hace { $days } días
}
ago-weeks = { PLURAL($weeks) ->
    [one] hace una semana
   *[other] hace { $weeks } semanas
}
reason-bought_before = Te lo cuento porque compraste { $product } { $ago }.
reason-recall_of_yours = Te lo cuento porque compraste { $product } { $ago }, pedido { $order }.
reason-agreed_to = Te lo cuento porque alguien de casa pidió { $kinds }.
reason-not_agreed_children = Mientras los niños están despiertos, nadie pide más noticias. No ha cambiado nada.
reason-not_agreed_open = Aquí no sé si lo pide un adulto. Dilo en el altavoz, por favor. No ha cambiado nada.
# Lo que propone la tienda
asking-shop = Un momento, pregunto a la tienda.
nobody-to-ask = La tienda no responde, así que ahora no puede ayudarte a elegir. No se ha pedido nada.
other-money = Los precios de la tienda están en { $shop } y has dicho { $asked }. Dime el límite en { $shop }, por favor.
currency-EUR = euros
currency-RON = lei
currency-USD = dólares
currency-GBP = libras
shop-asks = { $text }: ¿{ $choices }?
shop-asks-first = También puedes decir que da igual.
either = { $first } o { $last }
idea-or = { $first }; o bien { $last }
ideas = Te propongo { $ideas }.
idea = { $product } por { $amount }, porque { $because }
idea-plain = { $product } por { $amount }
idea-one = ¿Te parece bien? Di sí o no.
idea-which = ¿Cuál, o ninguno de los dos?
found-no-guide = Esta tienda no puede ayudarte a elegir. Dime mejor un producto.
found-nothing = La tienda no ha encontrado nada que encaje. No se ha pedido nada.
found-too-many-questions = La tienda quería preguntar demasiado, así que lo he dejado. No se ha pedido nada.
found-no-use = La respuesta de la tienda no servía, así que no puede ayudarte a elegir. No se ha pedido nada.
reason-suggested = La tienda propuso { $product }, porque { $because }.
reason-suggested-plain = La tienda propuso { $product }.
reason-above_limit = La tienda pide ahora { $now } por { $product }; dijiste { $limit } como máximo. No se ha pedido nada.
