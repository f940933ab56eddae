"""The sentences of the withheld skills: (taught, heldout, player), one a line. See `wording`.

"taught" here means: for training data of a later round, once players have shown the gap.
"""

from __future__ import annotations

from typing import Final

WITHHELD_FORMS: Final[dict[str, tuple[str, str, str]]] = {
    "hand": (
        """
        which hand is the {what} raising
        which hand does the {what} raise
        which hand is up
        which of the hands is the {what} holding up
        which hand does the {what} hold up
        which arm is the {what} raising
        what hand is the {what} waving
        with which hand does the {what} wave
        """,
        """
        which hand has gone up
        which arm of the {what} is in the air
        the {what} lifts which hand
        """,
        """
        which hand is raised
        which hand of the {what} is raised
        which hand is the {what} raising
        raised hand
        hand raised by the {what}
        which hand is up
        which arm is raised
        left or right hand raised
        """,
    ),
    "pattern": (
        """
        what pattern does the {what} have
        which pattern does the {what} have
        what is the pattern of the {what}
        what pattern is on the {what}
        is the {what} plain, striped, dotted or checked
        which pattern is on the {what}
        tell me the pattern of the {what}
        what pattern can you see on the {what}
        """,
        """
        how is the {what} patterned
        what decorates the {what}, stripes, dots, checks or nothing
        with which pattern is the {what} painted
        """,
        """
        pattern of the {what}
        pattern on {what}
        what is the pattern on the {what}
        {what} pattern
        what pattern is the {what}
        which pattern is on the {what}
        what design is on the {what}
        is {what} striped or dotted or checked or plain
        """,
    ),
    # {most} "biggest" or "smallest"
    "size_most": (
        """
        what is the {most} thing
        which thing is the {most}
        what is the {most} thing in the picture
        what is the {most}
        name the {most} thing
        which is the {most} of all the things
        tell me what the {most} thing is
        what is the {most} object
        """,
        """
        of all things here, which one is the {most}
        which thing would you call the {most}
        what do you find is the {most} here
        """,
        """
        {most} thing
        {most} object
        whats the {most} thing
        which object is {most}
        which is the {most} object
        what is {most} in the image
        what's the {most} thing here
        {most} thing in the picture
        """,
    ),
    "sign_word": (
        """
        what does the sign say
        what is written on the sign
        which word is on the sign
        what word is on the sign
        what can you read on the sign
        read the sign
        what is on the sign
        tell me the word on the sign
        """,
        """
        how does the sign read
        which word has been painted on the sign
        what are we told by the sign
        """,
        """
        text on the sign
        what is written on the sign
        what is written on the board
        whats on the sign
        what does sign say
        sign says what
        word on the sign
        which word is written on sign
        """,
    ),
    "clock_hour": (
        """
        what time is it
        what time does the clock show
        what hour does the clock show
        which hour is it
        what is the time on the clock
        at what hour does the clock stand
        read the clock
        what does the clock say
        """,
        """
        which number does the short hand point at
        how late is it by this clock
        the clock has struck what hour
        """,
        """
        time on the clock
        what time
        what is the time
        whats the time on the clock
        time shown in the clock
        what time is shown on clock
        which hour is on the clock
        clock time
        """,
    ),
    "plate": (
        """
        what is on the number plate
        what does the number plate of the {what} say
        what is the number of the {what}
        which number is on the {what}
        read the number plate
        what is written on the plate of the {what}
        what number plate does the {what} have
        what can you read on the {what}
        """,
        """
        how does the plate of the {what} read
        under which number is the {what} registered
        which letters and digits are on the {what}
        """,
        """
        number plate of the {what}
        {what} number
        what is the {what} number
        license plate
        number on the {what}
        whats the number plate
        plate number of {what}
        what is written on the {what}
        """,
    ),
    # {where} "on the table", "to the left of the cat"
    "relation": (
        """
        what is {where}
        what do you see {where}
        what can you see {where}
        which thing is {where}
        what stands {where}
        name the thing {where}
        what is the thing {where}
        tell me what is {where}
        """,
        """
        what can be found {where}
        look {where}: what is it
        which thing has its place {where}
        """,
        """
        whats {where}
        what is {where}
        thing {where}
        what's {where}
        object {where}
        which object is {where}
        name the object {where}
        what is there {where}
        """,
    ),
    "scene": (
        """
        where is this
        what place is this
        where was this picture taken
        what is the background
        in what kind of place is this
        where are we
        which place does the picture show
        what place do you see
        """,
        """
        where would you have to go to see this
        in which surroundings are we
        what sort of place might this be
        """,
        """
        where is this
        what place is it
        location
        what is in the background
        where was this
        background of the image
        which place is this
        what is the setting
        """,
    ),
    "open_shut": (
        """
        is the {what} open or shut
        is the {what} open or is it shut
        open or shut: how is the {what}
        is the {what} shut or open
        tell me if the {what} is open or shut
        does the {what} stand open or shut
        is the lid of the {what} open or shut
        do you see the {what} open or shut
        """,
        """
        could you reach into the {what}, or is it shut
        in which state is the {what}, open or shut
        has the {what} been left open or shut
        """,
        """
        {what} open or shut
        is {what} open or closed
        open or closed {what}
        is the {what} open or closed
        {what} is open or shut
        is the {what} opened or shut
        box lid open or shut on the {what}
        {what} shut or open
        """,
    ),
    "facing.person": (
        """
        do you see the {what} from the front or from the back
        is the {what} seen from the front or from the back
        front or back: how do we see the {what}
        do we see the front or the back of the {what}
        which side of the {what} do we see, front or back
        does the {what} show us the front or the back
        is that the front or the back of the {what}
        is the {what} turned with the front or the back to us
        """,
        """
        has the {what} turned the front or the back to the camera
        what does the {what} turn to us, front or back
        from which side is the {what} seen, back or front
        """,
        """
        {what} front or back
        front or back of the {what}
        is the {what} facing front or back
        {what} facing front or back
        which side of {what} is visible, front or back
        is {what} seen from front or back
        do we see {what} from the back or the front
        {what} from front or from back
        """,
    ),
    "facing.side": (
        """
        which way is the {what} looking
        which way does the {what} look
        in which direction does the {what} look
        is the {what} looking left or right
        does the {what} look to the left or to the right
        to which side is the {what} facing
        which way is the {what} facing
        is the {what} facing left or right
        """,
        """
        to which side has the {what} turned
        where does the {what} look, left or right
        if the {what} went ahead, would it go left or right
        """,
        """
        {what} facing left or right
        direction of the {what}
        which direction is the {what} facing
        {what} looking left or right
        which side is the {what} looking
        {what} faces which side
        which way {what} is looking
        is {what} facing left or right
        """,
    ),
    # {one} "the cat", {other} "the dog"
    "compare.size": (
        """
        which is bigger, {one} or {other}
        what is bigger, {one} or {other}
        which one is bigger, {one} or {other}
        is {one} or {other} bigger
        which of the two is bigger, {one} or {other}
        who is bigger, {one} or {other}
        which is the bigger one, {one} or {other}
        which is larger, {one} or {other}
        """,
        """
        of {one} and {other}, which has the bigger size
        comparing {one} with {other}, which is the bigger one
        which takes more room, {one} or {other}
        """,
        """
        bigger {one} or {other}
        which is bigger {one} or {other}
        which one is larger {one} or {other}
        {one} or {other} bigger
        is {one} bigger or {other}
        whats bigger {one} or {other}
        {one} or {other} which is bigger
        which is big {one} or {other}
        """,
    ),
    # {ones} "cats", {others} "dogs"
    "compare.number": (
        """
        are there more {ones} or more {others}
        are there more {ones} or {others}
        which are there more of, {ones} or {others}
        what are there more of, {ones} or {others}
        do you see more {ones} or more {others}
        do you see more {ones} or {others}
        of which are there more, {ones} or {others}
        what is more, {ones} or {others}
        """,
        """
        who is in the majority, {ones} or {others}
        which group is larger, {ones} or {others}
        {ones} or {others}: which are more numerous
        """,
        """
        more {ones} or {others}
        more {ones} or more {others}
        which is more {ones} or {others}
        {ones} or {others} more
        are there more {ones} than {others} or more {others}
        which are more {ones} or {others}
        what is more in number {ones} or {others}
        r there more {ones} or {others}
        """,
    ),
    "reasoning.legs": (
        """
        how many legs do all the {whats} have together
        how many legs do the {whats} have together
        how many legs do the {whats} have in all
        what is the number of legs of all the {whats}
        count the legs of all the {whats}
        how many legs have all the {whats} together
        how many legs do you count if you count all the {whats}
        how many legs belong to the {whats}
        """,
        """
        adding up the legs of all the {whats}, what do you get
        on how many legs do the {whats} stand altogether
        if every one of the {whats} shows its legs, how many are there
        """,
        """
        number of legs of all {whats}
        total legs of {whats}
        how many legs of the {whats} in total
        total number of legs of {whats}
        legs of all {whats} together
        how many legs do {whats} have in total
        no of legs of the {whats}
        sum of legs of the {whats}
        """,
    ),
    # {some} "two", {left} "leave" or "leaves", {what} in its number
    "reasoning.leave": (
        """
        if {some} {what} {leave}, how many {whats} remain
        how many {whats} remain if {some} {what} {leave}
        if {some} {what} {leave}, how many {whats} are left
        how many {whats} are left when {some} {what} {leave}
        {some} {what} {leave}: how many {whats} remain
        when {some} {what} {leave}, how many {whats} do you see
        if {some} {what} {leave}, what is the number of {whats}
        how many {whats} would remain if {some} {what} {leave}
        """,
        """
        suppose {some} {what} {leave}; how many {whats} stay
        after {some} {what} {leave}, how many {whats} can we count
        take away {some} {what}: how many {whats} stay behind
        """,
        """
        if {some} {what} {leave} how many {whats} are left
        {some} {what} {leave} how many {whats} left
        how many {whats} left if {some} {what} {leave}
        number of {whats} if {some} {what} {leave}
        remove {some} {what}, how many {whats} left
        how many {whats} after {some} {what} {leave}
        {whats} left after {some} {what} {leave}
        if {some} {what} {leave} then how many {whats}
        """,
    ),
    "reasoning.join": (
        """
        if {some} more {what} {come}, how many {whats} are there
        how many {whats} are there if {some} more {what} {come}
        {some} more {what} {come}: how many {whats} are there then
        when {some} more {what} {come}, how many {whats} do you see
        if {some} more {what} {come}, what is the number of {whats}
        how many {whats} would there be with {some} more {what}
        with {some} more {what}, how many {whats} are there
        how many {whats} do we have if {some} more {what} {come}
        """,
        """
        suppose {some} more {what} {come}; how many {whats} would we count
        after {some} more {what} {come}, how many {whats} are here
        add {some} {what}: how many {whats} does that make
        """,
        """
        if {some} more {what} {come} how many {whats}
        {some} more {what} {come} how many {whats}
        how many {whats} if {some} more {what} {come}
        number of {whats} with {some} more {what}
        add {some} {what}, how many {whats}
        how many {whats} with {some} more {what}
        total {whats} if {some} more {what} {come}
        {whats} plus {some} more {what}
        """,
    ),
    "reasoning.together": (
        """
        how many {ones} and {others} are there together
        how many {ones} and {others} do you see together
        what is the number of {ones} and {others} together
        how many are the {ones} and {others} together
        count the {ones} and the {others} together
        how many {ones} and {others} are in the picture in all
        how many {ones} and {others} are there in all
        the {ones} and the {others}, how many are they together
        """,
        """
        adding {ones} and {others}, what do you get
        if you count both {ones} and {others}, how many are there
        what is the sum of {ones} and {others}
        """,
        """
        number of {ones} and {others}
        total {ones} and {others}
        {ones} plus {others}
        how many {ones} and {others} in total
        {ones} and {others} together how many
        total number of {ones} and {others}
        sum of {ones} and {others}
        how many {ones} and {others}
        """,
    ),
}
